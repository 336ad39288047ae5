import { messageOf, OperatingError } from "../../lib/errors.ts";

/** The etcd of this machine. */
export interface EtcdProgram {
  readonly path: string;
  readonly version: Version;
}

/** Major, minor, patch. */
export type Version = readonly [number, number, number];

const install = "Install etcd 3.4.23 or newer, but none of 3.5.0 to 3.5.2 (on Debian: apt-get install etcd-server)";

/**
 * Finds etcd and asks for its version.
 * @param name a path, or the name of a program on PATH
 * @throws OperatingError unavailable "etcd-missing" or "etcd-version", which say what to install
 */
export async function findEtcd(name = "etcd"): Promise<EtcdProgram> {
  const path = Bun.which(name);
  if (path === null) {
    const lack = name.includes("/") ? "no program" : "not on PATH";
    const message = `servers that share their data need the program etcd, and ${name} is ${lack}. ${install}`;
    throw new OperatingError("unavailable", "etcd-missing", message);
  }
  const output = await outputOf(path);
  const version = versionIn(output);
  if (version && isSupported(version)) return { path, version };
  const what = version
    ? `${path} is etcd ${version.join(".")}, which is known to lose data or too old`
    : `${path} --version does not print a version of etcd: ${output.trim().slice(0, 200)}`;
  throw new OperatingError("unavailable", "etcd-version", `${what}. ${install}`);
}

async function outputOf(path: string): Promise<string> {
  try {
    const run = Bun.spawn([path, "--version"], { stdin: "ignore", stdout: "pipe", stderr: "ignore", env: {} });
    return await run.stdout.text();
  } catch (error) {
    return messageOf(error);
  }
}

function versionIn(output: string): Version | undefined {
  const [, major, minor, patch] = /^etcd Version: (\d+)\.(\d+)\.(\d+)/m.exec(output) ?? [];
  return patch === undefined ? undefined : [Number(major), Number(minor), Number(patch)];
}

/** etcd's makers advise against 3.5.0 to 3.5.2, which can corrupt data when they are killed. */
function isSupported(version: Version): boolean {
  return isAtLeast(version, [3, 4, 23]) && (!isAtLeast(version, [3, 5, 0]) || isAtLeast(version, [3, 5, 3]));
}

export function isAtLeast(version: Version, wanted: Version): boolean {
  for (const [at, part] of version.entries()) {
    const least = wanted[at] ?? 0;
    if (part !== least) return part > least;
  }
  return true;
}
