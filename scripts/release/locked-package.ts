import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

/** The version of a package, and the hash of its archive: "sha512-..." in base64, as package-lock.json has it. */
export interface LockedVersion {
  readonly version: string;
  readonly integrity: string;
}

/**
 * Returns the version of a package in package-lock.json.
 * @throws Error if the file has no such package, or no hash of it
 */
export function lockedVersion(name: string): LockedVersion {
  const lock = JSON.parse(readFileSync("package-lock.json", "utf8")) as {
    packages: Record<string, Partial<LockedVersion>>;
  };
  const { version, integrity } = lock.packages[`node_modules/${name}`] ?? {};
  if (version === undefined || integrity === undefined)
    throw new Error(`package-lock.json has no hash of ${name}: install it with npm, and commit the file`);
  return { version, integrity };
}

/**
 * Returns the folder of an unpacked npm package that `npm ci` does not install here, such as Bun's runtime for another processor.
 * Fetches it once from npm's registry, as npm is configured, and keeps it in node_modules/.fetched.
 * @throws Error if npm cannot fetch it, or the archive has another hash
 */
export function fetchPackage(name: string, { version, integrity }: LockedVersion): string {
  const kept = resolve("node_modules/.fetched", `${name.replaceAll(/\W+/g, "-").replace(/^-/, "")}-${version}`);
  if (existsSync(kept)) return kept;
  const folder = mkdtempSync(join(tmpdir(), "praetor-package-"));
  try {
    run(["npm", "pack", "--silent", `--pack-destination=${folder}`, `${name}@${version}`]);
    const archive = join(folder, readdirSync(folder)[0] ?? "");
    const hash = `sha512-${createHash("sha512").update(readFileSync(archive)).digest("base64")}`;
    if (hash !== integrity)
      throw new Error(
        `npm's registry has another ${name}@${version} than expected: its hash is ${hash}, not ${integrity}`,
      );
    const unpacked = join(resolve("node_modules/.fetched"), `.${process.pid}`);
    mkdirSync(unpacked, { recursive: true });
    run(["tar", "-xzf", archive, "-C", unpacked, "--strip-components=1", "--no-same-owner"]);
    renameSync(unpacked, kept);
    return kept;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Runs a program; throws an Error with its standard error if it fails. */
export function run(command: readonly string[], env: Readonly<Record<string, string>> = {}): string {
  const { success, stdout, stderr } = Bun.spawnSync([...command], { env: { ...process.env, ...env } });
  if (success) return stdout.toString();
  throw new Error(`${command.slice(0, 3).join(" ")} failed: ${stderr.toString().trim() || stdout.toString().trim()}`);
}
