import { createInterface } from "node:readline";
import { Readable } from "node:stream";

export interface ProgramSettings {
  readonly name: string;
  readonly command: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly onLine: (line: string) => void;
}

/** Runs a child process, and calls `onLine` with each line of its output. The child never outlives this process. */
export class Program {
  readonly name: string;
  readonly #child: Bun.Subprocess<"ignore", "pipe", "pipe">;
  readonly #guard: Bun.Subprocess<"pipe", "ignore", "ignore">;

  constructor({ name, command, env, onLine }: ProgramSettings) {
    this.name = name;
    this.#child = Bun.spawn([...command], {
      env: { ...process.env, ...env },
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
      detached: true, // Ctrl-C is for this process, which ends the programs in order
    });
    this.#guard = guardOf(this.#child.pid);
    for (const stream of [this.#child.stdout, this.#child.stderr])
      createInterface({ input: Readable.fromWeb(stream) }).on("line", onLine);
  }

  get hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /** Resolves with the exit code when the process has ended. */
  async ended(): Promise<number> {
    const code = await this.#child.exited;
    this.#guard.kill("SIGKILL");
    return code;
  }

  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
    if (!this.hasEnded) this.#child.kill(signal);
    await this.ended();
  }
}

/**
 * Starts a shell that waits until its pipe from this process breaks, and then kills the child. The pipe breaks even if this
 * process is killed by SIGKILL.
 */
function guardOf(pid: number): Bun.Subprocess<"pipe", "ignore", "ignore"> {
  const guard = Bun.spawn(["sh", "-c", 'cat >/dev/null; kill -9 "$1"', "guard", String(pid)], {
    stdin: "pipe",
    stdout: "ignore",
    stderr: "ignore",
    detached: true,
  });
  guard.unref();
  return guard;
}
