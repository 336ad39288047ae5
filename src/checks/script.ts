import type { DeadlineOptions } from "../lib/deadline.ts";
import { formatDuration } from "../lib/duration.ts";
import { OutputTail } from "../lib/output-tail.ts";
import { runProgram } from "../lib/run-program.ts";
import { startFailureText } from "../lib/start-failure.ts";
import type { CheckMethod, CheckStatus } from "../model/check.ts";
import type { CheckResult, CheckRunner } from "./check-runner.ts";
import { formatScriptOutput } from "./limit-output.ts";
import { runPeriodically, type PeriodicOptions } from "./periodic.ts";

export type ScriptMethod = Extract<CheckMethod, { kind: "script" }>;
export type ScriptCheckOptions = PeriodicOptions & { readonly outputBytesMax: number };

const timeoutMsDefault = 30_000;

/** Starts a check that runs a program: exit code 0 is passing, 1 warning, any other (or a signal) critical. */
export function startScriptCheck(method: ScriptMethod, options: ScriptCheckOptions): CheckRunner {
  const timeoutMs = method.timeoutMs || timeoutMsDefault;
  const { outputBytesMax } = options;
  const { clock } = options.platform;
  return runPeriodically((signal) => runScript(method.args, { clock, timeoutMs, signal, outputBytesMax }), options);
}

type RunOptions = DeadlineOptions & { readonly outputBytesMax: number };

/** Consul: standard output and error share one pipe, and a script times out while a process that it left behind holds the pipe. */
async function runScript(args: readonly string[], options: RunOptions): Promise<CheckResult> {
  const { outputBytesMax, timeoutMs } = options;
  const tail = new OutputTail(outputBytesMax);
  try {
    const end = await runProgram(args, { ...options, receive: (chunk) => tail.write(chunk) });
    const output = formatScriptOutput(tail, outputBytesMax);
    return end === "cut off" ? timedOut(timeoutMs, output) : { status: statusOf(end), output };
  } catch (thrown) {
    return { status: "critical", output: startFailureText(args[0] ?? "", thrown) };
  }
}

/** Maps the exit code of a script to a status; null means that a signal killed it. */
export function statusOf(exitCode: number | null): CheckStatus {
  if (exitCode === 0) return "passing";
  return exitCode === 1 ? "warning" : "critical";
}

export function timedOut(timeoutMs: number, output: string): CheckResult {
  const reason = `Timed out (${formatDuration(timeoutMs)}) running check`;
  return { status: "critical", output: output === "" ? reason : `${reason}\n\n${output}` };
}
