import { once } from "node:events";
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";

/** A bash that keeps its variables and background jobs from one command to the next, as a terminal does. */
export class Shell {
  readonly #bash: ChildProcessWithoutNullStreams;
  #printed = "";

  constructor(options: { readonly cwd: string; readonly env: Readonly<Record<string, string>> }) {
    this.#bash = spawn("bash", ["--norc"], {
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
      detached: true, // with its jobs, one process group
    });
    for (const stream of [this.#bash.stdout, this.#bash.stderr]) {
      stream.setEncoding("utf8");
      stream.on("data", (text: string) => (this.#printed += text));
    }
    this.#bash.stdin.write("exec 2>&1\n");
  }

  /** Runs a command until it exits; resolves with its output on stdout and stderr. */
  async run(command: string): Promise<string> {
    this.#printed = "";
    const quoted = `'${command.replaceAll("'", `'\\''`)}'`;
    this.#bash.stdin.write(`eval ${quoted} </dev/null; printf '${endMark.replace("\0", "\\0")}'\n`);
    // Bash may report a job that was killed after the mark.
    while (!this.#printed.includes(endMark)) await once(this.#bash.stdout, "data");
    return this.#printed.slice(0, this.#printed.indexOf(endMark));
  }

  /** Ends the shell with all processes that it started. */
  async stop(): Promise<void> {
    const { pid, exitCode } = this.#bash;
    if (pid === undefined || exitCode !== null) return;
    process.kill(-pid, "SIGKILL");
    await once(this.#bash, "exit");
  }
}

const endMark = "\0done";
