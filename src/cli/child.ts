import { type ChildProcess, type IOType, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync } from "node:fs";
import { constants } from "node:os";
import { startFailureText } from "../lib/start-failure.ts";
import { openPipe } from "../lib/pipe.ts";
import { CommandFailure } from "./command-failure.ts";
import { forwardSignals } from "./shutdown.ts";

export interface ChildOptions {
  /** The noun for the program in the error of its start; default: "handler". */
  readonly what?: string;
  /** Whether the words are one command line for the user's shell. */
  readonly shell: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The child's standard input: a text, the standard input of this process, or nothing. */
  readonly input: { readonly text: string } | "inherit" | "ignore";
}

/** A child process with this process's standard output and error. This process forwards SIGINT and SIGTERM to it. */
export class Child {
  readonly pid: number;
  /** Resolves when the child has ended: with undefined for exit code 0, else with "exit status 3" or "signal: terminated". */
  readonly ended: Promise<string | undefined>;
  readonly #process: ChildProcess;

  private constructor(child: ChildProcess, pid: number) {
    this.#process = child;
    this.pid = pid;
    this.ended = this.#untilEnd();
  }

  /**
   * Starts a program.
   * @throws CommandFailure if it cannot be started
   */
  static async start(words: readonly string[], { what = "handler", shell, env, input }: ChildOptions): Promise<Child> {
    const [program = "", ...args] = shell ? [env["SHELL"] || "/bin/sh", "-c", words.join(" ")] : words;
    try {
      const run = (stdin: IOType | number): ChildProcess =>
        spawn(program, args, { env, stdio: [stdin, "inherit", "inherit"] });
      const child = typeof input === "object" ? feed(input.text, run) : run(input);
      if (child.pid === undefined) await once(child, "spawn");
      return new Child(child, child.pid ?? 0);
    } catch (error) {
      throw new CommandFailure(`Error starting ${what}: ${startFailureText(program, error)}`);
    }
  }

  send(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }

  #untilEnd(): Promise<string | undefined> {
    const stop = forwardSignals((name) => this.send(name));
    return new Promise((resolve) => {
      this.#process.once("exit", (code, signal) => {
        stop();
        if (code === 0) resolve(undefined);
        else resolve(code === null ? `signal: ${signalWords(String(signal))}` : `exit status ${code}`);
      });
    });
  }
}

/** Calls `run`, which starts a program with the given standard input, and writes `text` to that input. */
function feed(text: string, run: (stdin: number) => ChildProcess): ChildProcess {
  const { readEnd, writeEnd } = openPipe();
  try {
    return run(readEnd);
  } finally {
    closeSync(readEnd);
    void write(text, writeEnd);
  }
}

async function write(text: string, descriptor: number): Promise<void> {
  const sink = Bun.file(descriptor).writer();
  try {
    await sink.write(text);
    await sink.end();
  } catch {
    // The program ended without reading all of its input.
  } finally {
    closeSync(descriptor);
  }
}

/** Go's texts for signals, which scripts written for Consul search for. */
const goNames: Readonly<Record<string, string>> = {
  SIGABRT: "aborted",
  SIGALRM: "alarm clock",
  SIGHUP: "hangup",
  SIGINT: "interrupt",
  SIGKILL: "killed",
  SIGPIPE: "broken pipe",
  SIGQUIT: "quit",
  SIGSEGV: "segmentation fault",
  SIGTERM: "terminated",
  SIGUSR1: "user defined signal 1",
  SIGUSR2: "user defined signal 2",
};

function signalWords(name: string): string {
  const number = Object.entries(constants.signals).find(([known]) => known === name)?.[1];
  return goNames[name] ?? `signal ${number ?? name}`;
}
