import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** A package that may become part of the executable. */
export interface Dependency {
  readonly name: string;
  readonly version: string;
  /** The SPDX expression of the licence, from package-lock.json. */
  readonly licence: string;
  readonly licenceText: string;
}

interface LockEntry {
  readonly version?: string;
  readonly license?: string;
  readonly dev?: boolean;
}

/**
 * Returns all production dependencies, direct and transitive, sorted by name.
 * @throws Error if a package has no licence, or one that Praetor may not contain
 */
export function productionDependencies(): readonly Dependency[] {
  const lock = JSON.parse(readFileSync("package-lock.json", "utf8")) as { packages: Record<string, LockEntry> };
  return Object.entries(lock.packages)
    .filter(([path, entry]) => path !== "" && entry.dev !== true)
    .map(([path, entry]) => dependency(path, entry))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

function dependency(path: string, { version, license }: LockEntry): Dependency {
  const name = path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length);
  if (version === undefined || license === undefined) throw new Error(`${name}: package-lock.json gives no licence`);
  if (!isAllowed(license)) throw new Error(`${name}: its licence ${license} is not one that Praetor may contain`);
  return { name, version, licence: license, licenceText: readLicence(path) };
}

function isAllowed(licence: string): boolean {
  return ["MIT", "ISC", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "0BSD"].includes(licence);
}

function readLicence(path: string): string {
  const file = readdirSync(path).find((name) => /^licen[cs]e/i.test(name));
  if (file === undefined) throw new Error(`${path} has no licence file`);
  return readFileSync(join(path, file), "utf8").replaceAll("\r\n", "\n").trim();
}
