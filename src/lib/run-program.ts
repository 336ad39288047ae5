import { spawn, type ChildProcess, type StdioOptions } from "node:child_process";
import { closeSync } from "node:fs";
import type { ReadableStreamDefaultReader } from "node:stream/web";
import { startDeadline, type DeadlineOptions } from "./deadline.ts";
import { openPipe } from "./pipe.ts";

export interface RunProgramOptions extends DeadlineOptions {
  /** The descriptor of the program's standard input; default: none. */
  readonly input?: number;
  /** The program's environment; default: that of this process. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Receives what the program writes to standard output and error. */
  readonly receive: (chunk: Uint8Array) => void;
}

/** The end of a program: its exit code, null if a signal ended it; or "cut off", by the deadline or the caller's signal. */
export type ProgramEnd = number | null | "cut off";

/**
 * Runs a program as leader of a new process group. When the run ends (by itself, by the deadline, or because `signal` aborts),
 * kills the rest of the group: programs that hang must not accumulate.
 *
 * Standard output and error share one pipe, so their order is kept. The run lasts until every process that holds the pipe
 * has ended, so the run of a script that leaves behind a child process with the pipe open is cut off.
 * @throws the system's Error if the program cannot be started
 */
export async function runProgram(args: readonly string[], options: RunProgramOptions): Promise<ProgramEnd> {
  const { readEnd, writeEnd } = openPipe();
  const output = new ProgramOutput(readEnd);
  try {
    return await untilEnd(startWith(writeEnd, args, options), output, options);
  } finally {
    output.close();
  }
}

/** Starts the program. @throws the system's Error if the start fails; some failures cause the child's "error" event instead */
function startWith(output: number, args: readonly string[], { input, env }: RunProgramOptions): ChildProcess {
  const [program = "", ...rest] = args;
  const stdio: StdioOptions = [input ?? "ignore", output, output];
  try {
    return spawn(program, rest, { detached: true, stdio, ...(env && { env }) });
  } finally {
    closeSync(output); // so that only the child's copy keeps the pipe open
  }
}

/** Reads the output of a program from the pipe. */
class ProgramOutput {
  readonly #descriptor: number;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>;

  constructor(descriptor: number) {
    this.#descriptor = descriptor;
    this.#reader = Bun.file(descriptor).stream().getReader();
  }

  /** Hands the output to `receive`. Resolves when the last process has closed the pipe's write end, or after close(). */
  async readTo(receive: (chunk: Uint8Array) => void): Promise<void> {
    for (;;) {
      const { done, value } = await this.#reader.read();
      if (done) return;
      receive(value);
    }
  }

  /** Closes the read end, even if a descendant in another process group still holds the write end. */
  close(): void {
    void this.#reader.cancel().finally(() => closeSync(this.#descriptor));
  }
}

/** Resolves when the run has ended. @throws the system's Error if the program could not be started */
function untilEnd(program: ChildProcess, output: ProgramOutput, options: RunProgramOptions): Promise<ProgramEnd> {
  return new Promise((resolve, reject) => {
    let isOver = false;
    const end = (settle: () => void): void => {
      if (isOver) return;
      isOver = true;
      deadline.clear();
      if (program.pid !== undefined) killGroup(program.pid);
      settle();
    };
    const fail = (error: unknown): void => end(() => reject(error));
    const deadline = startDeadline(options, () => end(() => resolve("cut off")));
    const exited = new Promise<number | null>((resolveExit) => program.on("exit", resolveExit));
    program.on("error", fail);
    void Promise.all([exited, output.readTo(options.receive)]).then(([exitCode]) => end(() => resolve(exitCode)), fail);
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
