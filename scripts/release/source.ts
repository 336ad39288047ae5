import { readFileSync } from "node:fs";
import { run } from "./locked-package.ts";

/** The commit of which the released files are made. */
export interface Source {
  /** The version in package.json: "0.1.0". */
  readonly version: string;
  /** The time of the commit, in seconds since 1970. Released files carry it in place of the time at which they were made. */
  readonly epoch: number;
}

/**
 * Returns the version and the time of this commit; the variable SOURCE_DATE_EPOCH replaces the time, for sources without git.
 * @throws Error if neither git nor the variable knows the time
 */
export function readSource(): Source {
  const { version } = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };
  const epoch = process.env["SOURCE_DATE_EPOCH"] ?? run(["git", "log", "-1", "--format=%ct"]).trim();
  if (!/^\d+$/.test(epoch))
    throw new Error(`SOURCE_DATE_EPOCH is ${JSON.stringify(epoch)}: set it to the seconds since 1970 of the source`);
  return { version, epoch: Number(epoch) };
}
