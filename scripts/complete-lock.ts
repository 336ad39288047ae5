/**
 * Adds the entries that `npm install` omits from package-lock.json when a partial registry mirror lacks optional packages for
 * other platforms; `npm ci` refuses such a lock file. An entry with version, os and cpu is enough: npm installs it on
 * that platform and skips it on others.
 * Run it after `npm install` when `npm ci` says "Missing: ... from lock file".
 */
import { readFile, writeFile } from "node:fs/promises";

interface LockEntry {
  version: string;
  dev?: boolean;
  optional?: boolean;
  os?: readonly string[];
  cpu?: readonly string[];
  libc?: readonly string[];
  optionalDependencies?: Readonly<Record<string, string>>;
}

const lockFile = "package-lock.json";
const lock = JSON.parse(await readFile(lockFile, "utf8")) as { packages: Record<string, LockEntry> };
const added: string[] = [];

for (const entry of Object.values(lock.packages)) {
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    const path = `node_modules/${name}`;
    if (lock.packages[path] !== undefined) continue;
    lock.packages[path] = missingEntry(name, version, entry.dev === true);
    added.push(`${name}@${version}`);
  }
}

lock.packages = Object.fromEntries(Object.entries(lock.packages).toSorted(([a], [b]) => a.localeCompare(b, "en")));
await writeFile(lockFile, `${JSON.stringify(lock, undefined, 2)}\n`);
console.log(added.length === 0 ? `${lockFile} is complete` : `added to ${lockFile}:\n  ${added.join("\n  ")}`);

/**
 * Returns the lock entry of an optional package for one platform. The last part of its name is [binding-]<os>-<cpu>[-<abi>]:
 * "@oxlint/binding-linux-x64-musl".
 * @throws Error if the name contains no platform
 */
function missingEntry(name: string, version: string, dev: boolean): LockEntry {
  const [os, cpu, abi] = (name.split("/").at(-1) ?? "").replace(/^binding-/, "").split("-");
  if (os === undefined || cpu === undefined)
    throw new Error(`${name} does not name a platform; add it to ${lockFile} by hand`);
  const libc = os !== "linux" || abi === undefined ? undefined : abi.startsWith("musl") ? "musl" : "glibc";
  return {
    version,
    cpu: [cpu],
    ...(dev && { dev }),
    ...(libc !== undefined && { libc: [libc] }),
    optional: true,
    os: [os],
  };
}
