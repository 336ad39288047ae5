import { spawn, type ChildProcess } from "node:child_process";
import { formatDuration } from "../lib/duration.ts";
import { notStartedWords } from "../lib/not-started.ts";
import type { CheckMethod, CheckStatus } from "../model/check.ts";
import type { CheckResult, CheckRunner } from "./check-runner.ts";
import { startDeadline, type DeadlineOptions } from "./deadline.ts";
import { formatScriptOutput, OutputTail } from "./limit-output.ts";
import { runPeriodically, type PeriodicOptions } from "./periodic.ts";

export type ScriptMethod = Extract<CheckMethod, { kind: "script" }>;
export type ScriptCheckOptions = PeriodicOptions & { readonly outputBytesMax: number };

const timeoutMsDefault = 30_000;

/** Runs a program: exit code 0 is passing, 1 warning, any other (or a signal) critical. */
export function startScriptCheck(method: ScriptMethod, options: ScriptCheckOptions): CheckRunner {
  const timeoutMs = method.timeoutMs || timeoutMsDefault;
  const { outputBytesMax } = options;
  const { clock } = options.world;
  return runPeriodically((signal) => runScript(method.args, { clock, timeoutMs, signal, outputBytesMax }), options);
}

type RunOptions = DeadlineOptions & { readonly outputBytesMax: number };

/**
 * The program leads a process group of its own, and when the run ends (by itself, by timeout or because the check was
 * stopped) whatever is left of that group is killed: a check that hangs every ten seconds must not fill the gateway.
 *
 * Consul: the run lasts until the program and everything that holds its output has ended, so a script that leaves a
 * child behind on its output times out. Standard output and error are two pipes, read as they fill; between the two,
 * the order is that of reading.
 */
async function runScript(args: readonly string[], options: RunOptions): Promise<CheckResult> {
  const [program = "", ...rest] = args;
  try {
    return await untilEnd(spawn(program, rest, { detached: true, stdio: ["ignore", "pipe", "pipe"] }), options);
  } catch (thrown) {
    return { status: "critical", output: notStartedWords(program, thrown) };
  }
}

/** @throws Error of the system when the program could not be started */
function untilEnd(script: ChildProcess, options: RunOptions): Promise<CheckResult> {
  return new Promise((resolve, reject) => {
    const tail = new OutputTail(options.outputBytesMax);
    const output = (): string => formatScriptOutput(tail, options.outputBytesMax);
    const end = (settle: () => void): void => {
      deadline.clear();
      script.removeAllListeners("close");
      release(script);
      settle();
    };
    const deadline = startDeadline(options, () => end(() => resolve(timedOut(options.timeoutMs, output()))));
    script.stdout?.on("data", (chunk: Uint8Array) => tail.write(chunk));
    script.stderr?.on("data", (chunk: Uint8Array) => tail.write(chunk));
    script.on("error", (error) => end(() => reject(error)));
    script.on("close", (exitCode) => end(() => resolve({ status: statusOf(exitCode), output: output() })));
  });
}

/**
 * Kills what is left of the process group, and lets go of pipes that a descendant in a group of its own may still hold.
 * The group's number cannot be another's yet: it stays taken while the group lives, and this comes right after.
 */
function release(script: ChildProcess): void {
  if (script.pid !== undefined) killGroup(script.pid);
  script.stdout?.destroy();
  script.stderr?.destroy();
}

function killGroup(leaderPid: number): void {
  try {
    process.kill(-leaderPid, "SIGKILL");
  } catch {
    // ESRCH: nothing is left, as it should be. EPERM: all that is left runs as another user, out of our reach.
  }
}

function statusOf(exitCode: number | null): CheckStatus {
  if (exitCode === 0) return "passing";
  return exitCode === 1 ? "warning" : "critical";
}

function timedOut(timeoutMs: number, output: string): CheckResult {
  const reason = `Timed out (${formatDuration(timeoutMs)}) running check`;
  return { status: "critical", output: output === "" ? reason : `${reason}\n\n${output}` };
}
