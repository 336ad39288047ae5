import { readdirSync, readFileSync } from "node:fs";
import { within } from "./within.ts";

/** The reason why this machine does not allow faults in the system calls of other processes; undefined if it does. */
export const cannotInject: string | undefined = findHindrance();

function findHindrance(): string | undefined {
  if (Bun.which("strace") === null) return "strace is not installed";
  const tried = Bun.spawnSync(["strace", "-o", "/dev/null", "true"], { stdout: "ignore", stderr: "ignore" });
  return tried.success ? undefined : "processes may not be traced here";
}

/**
 * Makes system calls of a running process, in all its threads, fail or block while `task` runs. Returns the result of `task`.
 * @param fault in the form of strace's `inject=`: "pwrite64:error=ENOSPC", "fdatasync:delay_exit=500000"
 */
export async function withFault<Result>(pid: number, fault: string, task: () => Promise<Result>): Promise<Result> {
  const [calls = ""] = fault.split(":");
  const words = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", `trace=${calls}`, "-e", `inject=${fault}`];
  const tracer = Bun.spawn([...words, "-p", String(pid)], { stdin: "ignore", stdout: "ignore", stderr: "ignore" });
  try {
    await within(5_000, async () => expectTraced(pid));
    return await task();
  } finally {
    tracer.kill("SIGINT");
    await tracer.exited;
  }
}

function expectTraced(pid: number): void {
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    const status = readFileSync(`/proc/${pid}/task/${thread}/status`, "utf8");
    if (/^TracerPid:\s+0$/m.test(status)) throw new Error(`thread ${thread} of ${pid} is not traced yet`);
  }
}
