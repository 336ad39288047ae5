import { OperatingError } from "../lib/errors.ts";
import type { BackupConfig } from "./runtime-config.ts";
import type { Settings } from "./settings.ts";

/** A shorter interval would wear out a gateway's flash, and each backup takes the memory of a second state for a moment. */
const intervalMsMin = 60_000;

/** Builds the settings of scheduled backups; undefined if no field of them is given. @throws OperatingError invalid */
export function buildBackup(settings: Settings): BackupConfig | undefined {
  const given = ["folder", "interval", "keep", "max_age", "program"].map((name) => `backup.${name}`);
  const first = given.find((path) => settings.isGiven(path));
  if (first === undefined) return undefined;
  const folder = settings.text("backup.folder");
  if (folder === "") throw invalid(`backup.folder is missing: the folder for the backups${settings.from(first)}`);
  const [interval, keep, maxAge, program] = ["backup.interval", "backup.keep", "backup.max_age", "backup.program"];
  if (settings.number(interval) < intervalMsMin)
    throw invalid(`${interval} must be 1m or more, as in "24h"${settings.from(interval)}`);
  if (settings.number(keep) < 1)
    throw invalid(`${keep} cannot be ${settings.number(keep)}. Must be 1 or more${settings.from(keep)}`);
  if (settings.number(maxAge) < 0) throw invalid(`${maxAge} cannot be below 0${settings.from(maxAge)}`);
  if (settings.has(program) && (settings.texts(program)[0] ?? "") === "")
    throw invalid(`${program} names no program. Write ["/usr/bin/program", "argument"]${settings.from(program)}`);
  return {
    folder,
    intervalMs: settings.number(interval),
    keep: settings.number(keep),
    maxAgeMs: settings.number(maxAge),
    program: settings.texts(program),
  };
}

function invalid(message: string): OperatingError {
  return new OperatingError("invalid", "invalid-config", message);
}
