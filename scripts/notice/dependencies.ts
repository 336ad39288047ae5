import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** A package that may become part of the executable. */
export interface Dependency {
  readonly name: string;
  readonly version: string;
  /** The SPDX expression of the licence, from package-lock.json. */
  readonly licence: string;
  /** The hash of the package's archive, from package-lock.json: "sha512-..." in base64. */
  readonly integrity: string;
  readonly licenceText: string;
}

interface LockEntry {
  readonly version?: string;
  readonly license?: string;
  readonly integrity?: string;
  readonly dev?: boolean;
}

/**
 * Returns all production dependencies, direct and transitive, sorted by name.
 * @throws Error if a package has no hash, no licence, or one that Praetor may not contain
 */
export function productionDependencies(): readonly Dependency[] {
  const lock = JSON.parse(readFileSync("package-lock.json", "utf8")) as { packages: Record<string, LockEntry> };
  return Object.entries(lock.packages)
    .filter(([path, entry]) => path !== "" && entry.dev !== true)
    .map(([path, entry]) => dependency(path, entry))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

function dependency(path: string, { version, license, integrity }: LockEntry): Dependency {
  const name = path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length);
  if (version === undefined || license === undefined) throw new Error(`${name}: package-lock.json gives no licence`);
  if (integrity === undefined) throw new Error(`${name}: package-lock.json gives no hash`);
  if (!isAllowed(license)) throw new Error(`${name}: its licence ${license} is not one that Praetor may contain`);
  return { name, version, licence: license, integrity, licenceText: readLicence(path) };
}

/**
 * Returns whether Praetor may contain code with this licence: one licence, or several that all apply, as in "(Apache-2.0 AND
 * BSD-3-Clause)".
 */
function isAllowed(licence: string): boolean {
  const allowed = ["MIT", "ISC", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "0BSD"];
  return licence
    .replace(/^\((.*)\)$/, "$1")
    .split(" AND ")
    .every((each) => allowed.includes(each));
}

/** By path of a package without a licence file: the source files whose opening comments are its licences. */
const licencesInSources: ReadonlyMap<string, readonly string[]> = new Map([
  ["node_modules/@bufbuild/protobuf", ["dist/esm/create.js", "dist/esm/wire/varint.js"]],
]);

function readLicence(path: string): string {
  const file = readdirSync(path).find((name) => /^licen[cs]e/i.test(name));
  const sources = licencesInSources.get(path);
  if (file === undefined && sources === undefined) throw new Error(`${path} has no licence file`);
  if (file !== undefined) return readFileSync(join(path, file), "utf8").replaceAll("\r\n", "\n").trim();
  return (sources ?? []).map((source) => openingComment(readFileSync(join(path, source), "utf8"))).join("\n\n\n");
}

/** Returns the text of the comment lines with which a source file begins. */
function openingComment(source: string): string {
  const [comment = ""] = /^(?:\/\/.*\n)*/.exec(source) ?? [];
  return comment.replace(/^\/\/ ?/gm, "").trim();
}
