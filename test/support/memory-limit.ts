import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { messageOf } from "../../src/lib/errors.ts";

/** A control group (cgroup) that limits the memory of all its processes together. */
export interface MemoryLimit {
  /** The command that starts a program in the control group, for `openSandbox`. */
  readonly before: readonly string[];
  /** Returns the memory of the control group without page cache, in MiB. */
  usedMiB(): number;
  /** Removes the control group. All its processes must have ended. */
  remove(): void;
}

const mebibyte = 1 << 20;
/** The names of the limit's file in cgroup versions 1 and 2. */
const limitNames = ["memory.limit_in_bytes", "memory.max"] as const;
const swapNames = ["memory.memsw.limit_in_bytes", "memory.swap.max"] as const;

/**
 * Creates a control group with this limit of memory, in MiB, and without swap space.
 * @throws Error if this machine does not allow creating one
 */
export function limitMemory(mebibytes: number): MemoryLimit {
  const folder = join(ownGroup(), `praetor-${process.pid}-${mebibytes}`);
  mkdirSync(folder);
  const version = existsSync(join(folder, limitNames[0])) ? 0 : 1;
  try {
    writeFileSync(join(folder, limitNames[version]), String(mebibytes * mebibyte));
    const swap = join(folder, swapNames[version]);
    if (existsSync(swap)) writeFileSync(swap, String(version === 0 ? mebibytes * mebibyte : 0));
  } catch (error) {
    rmdirSync(folder);
    throw error;
  }
  return {
    before: ["sh", "-c", `echo $$ > '${join(folder, "cgroup.procs")}' && exec "$@"`, "sh"],
    usedMiB() {
      const field = version === 0 ? /^total_rss (\d+)$/m : /^anon (\d+)$/m;
      return Number(field.exec(readFileSync(join(folder, "memory.stat"), "utf8"))?.[1]) / mebibyte;
    },
    remove: () => rmdirSync(folder),
  };
}

/** Returns the folder of this process's control group. A control group created below it stays within the limits of this one. */
function ownGroup(): string {
  const lines = readFileSync("/proc/self/cgroup", "utf8").split("\n");
  const first = lines.find((line) => line.split(":")[1] === "memory");
  if (first !== undefined) return join("/sys/fs/cgroup/memory", first.split(":")[2] ?? "");
  return join("/sys/fs/cgroup", lines.find((line) => line.startsWith("0::"))?.slice(3) ?? "");
}

/** The reason why this machine does not allow limiting memory; undefined if it does. */
export const cannotLimitMemory: string | undefined = findHindrance();

function findHindrance(): string | undefined {
  try {
    limitMemory(1).remove();
    return undefined;
  } catch (error) {
    return `memory cannot be limited here: ${messageOf(error)}`;
  }
}
