import { spawn, type ChildProcess } from "node:child_process";
import { closeSync } from "node:fs";
import type { ReadableStreamDefaultReader } from "node:stream/web";
import { formatDuration } from "../lib/duration.ts";
import { startFailureText } from "../lib/start-failure.ts";
import { openPipe } from "../lib/pipe.ts";
import type { CheckMethod, CheckStatus } from "../model/check.ts";
import type { CheckResult, CheckRunner } from "./check-runner.ts";
import { startDeadline, type DeadlineOptions } from "./deadline.ts";
import { formatScriptOutput, OutputTail } from "./limit-output.ts";
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

/**
 * Runs the program as leader of a new process group. When the run ends (by itself, by timeout, or because the check is stopped),
 * kills the rest of the group: scripts that hang must not accumulate.
 *
 * Consul: standard output and error share one pipe, so their order is kept. The run lasts until every process that holds the pipe
 * has ended, so the run of a script that leaves behind a child process with the pipe open times out.
 */
async function runScript(args: readonly string[], options: RunOptions): Promise<CheckResult> {
  const [program = "", ...rest] = args;
  try {
    const { readEnd, writeEnd } = openPipe();
    const output = new ScriptOutput(readEnd);
    try {
      return await untilEnd(startWith(writeEnd, program, rest), output, options);
    } finally {
      output.close();
    }
  } catch (thrown) {
    return { status: "critical", output: startFailureText(program, thrown) };
  }
}

/** Starts the program. @throws the system's Error if the start fails; some failures cause the child's "error" event instead */
function startWith(output: number, program: string, args: readonly string[]): ChildProcess {
  try {
    return spawn(program, args, { detached: true, stdio: ["ignore", output, output] });
  } finally {
    closeSync(output); // so that only the child's copy keeps the pipe open
  }
}

/** Reads the output of a script from the pipe. */
class ScriptOutput {
  readonly #descriptor: number;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>;

  constructor(descriptor: number) {
    this.#descriptor = descriptor;
    this.#reader = Bun.file(descriptor).stream().getReader();
  }

  /** Reads the output into `tail`. Resolves when the last process has closed the pipe's write end, or after close(). */
  async readTo(tail: OutputTail): Promise<void> {
    for (;;) {
      const { done, value } = await this.#reader.read();
      if (done) return;
      tail.write(value);
    }
  }

  /** Closes the read end, even if a descendant in another process group still holds the write end. */
  close(): void {
    void this.#reader.cancel().finally(() => closeSync(this.#descriptor));
  }
}

/** Resolves with the result when the run has ended. @throws the system's Error if the program could not be started */
function untilEnd(script: ChildProcess, output: ScriptOutput, options: RunOptions): Promise<CheckResult> {
  return new Promise((resolve, reject) => {
    const tail = new OutputTail(options.outputBytesMax);
    const text = (): string => formatScriptOutput(tail, options.outputBytesMax);
    let isOver = false;
    const end = (settle: () => void): void => {
      if (isOver) return;
      isOver = true;
      deadline.clear();
      if (script.pid !== undefined) killGroup(script.pid);
      settle();
    };
    const fail = (error: unknown): void => end(() => reject(error));
    const deadline = startDeadline(options, () => end(() => resolve(timedOut(options.timeoutMs, text()))));
    const exited = new Promise<number | null>((resolveExit) => script.on("exit", resolveExit));
    script.on("error", fail);
    void Promise.all([exited, output.readTo(tail)]).then(
      ([exitCode]) => end(() => resolve({ status: statusOf(exitCode), output: text() })),
      fail,
    );
  });
}

/** Kills the remaining processes of the process group whose leader is or was `leaderPid`. */
function killGroup(leaderPid: number): void {
  try {
    process.kill(-leaderPid, "SIGKILL");
  } catch {
    // ESRCH: the group is empty, as usual. EPERM: its processes run as another user and cannot be killed.
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
