import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type FileEvent, readSystemCalls, watchedCalls } from "./system-calls.ts";

export interface Run {
  readonly batches: number;
  readonly end: "close" | "leave";
  /** The number of the call of fsync, counted from 1, at the beginning of which the program is killed. */
  readonly killedAtSync?: number;
}

const program = join(import.meta.dir, "store-writer.ts");
/** Maximum length of a recorded write, in bytes: longer than any write of the trial. */
const textMax = String(1 << 24);

/** Returns why system calls cannot be recorded on this machine; undefined when they can. */
export function whyNoRecording(): string | undefined {
  if (Bun.which("strace") === null) return "needs strace";
  const tried = Bun.spawnSync(["strace", "-f", "-o", "/dev/null", "true"], { stdout: "ignore", stderr: "ignore" });
  return tried.success ? undefined : "needs leave to trace";
}

/** Runs the program that writes to the store in `root`/data; returns its system calls on files, in order. */
export function recordRun(root: string, run: Run): readonly FileEvent[] {
  const scratch = mkdtempSync(join(tmpdir(), "praetor-trace-"));
  try {
    const trace = join(scratch, "trace");
    const traced = Bun.spawnSync([...straceCommand(trace, run), ...writerCommand(root, run)], { stderr: "pipe" });
    if (traced.signalCode !== "SIGKILL") throw new Error(`the recorded program failed: ${traced.stderr.toString()}`);
    return [...readSystemCalls(readFileSync(trace, "latin1"), root)];
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

function straceCommand(trace: string, { killedAtSync }: Run): readonly string[] {
  const kill = killedAtSync === undefined ? [] : ["-e", `inject=fsync:signal=SIGKILL:when=${killedAtSync}`];
  return ["strace", "-f", "-y", "-xx", "-s", textMax, "-e", `trace=${watchedCalls}`, ...kill, "-o", trace];
}

function writerCommand(root: string, { batches, end }: Run): readonly string[] {
  return [process.execPath, program, join(root, "data"), String(batches), end];
}
