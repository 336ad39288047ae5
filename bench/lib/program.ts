import { join } from "node:path";

/** A program of bench/programs that runs as a separate process, so that its work does not slow the measuring process. */
export class Program {
  readonly #name: string;
  readonly #process: Bun.Subprocess<"pipe", "pipe", "inherit">;
  readonly #lines: AsyncIterator<string>;

  /** Starts the program. @param task the program's task, which it gets as JSON in its only argument */
  constructor(command: readonly string[], task: object) {
    this.#name = command.join(" ");
    this.#process = Bun.spawn([...command, JSON.stringify(task)], { stdio: ["pipe", "pipe", "inherit"] });
    this.#lines = linesOf(this.#process.stdout);
  }

  static start(name: string, task: object): Program {
    return new Program([process.execPath, join(import.meta.dir, "../programs", `${name}.ts`)], task);
  }

  /**
   * Runs the program to its end; returns its first line of output.
   * @throws Error unless the program exits with code 0
   */
  static async run(name: string, task: object): Promise<string> {
    const program = Program.start(name, task);
    try {
      const line = await program.line();
      await program.end();
      return line;
    } finally {
      program.kill();
    }
  }

  /**
   * Returns the program's next line of output.
   * @throws Error when the program ends without a further line; it has then printed the reason
   */
  async line(): Promise<string> {
    const next = await this.#lines.next();
    if (next.done !== true) return next.value;
    throw new Error(`${this.#name} ended with exit code ${await this.#process.exited}`);
  }

  /**
   * Closes the program's input, so that it finishes.
   * @throws Error unless the program exits with code 0
   */
  async end(): Promise<void> {
    await this.#process.stdin.end();
    const code = await this.#process.exited;
    if (code !== 0) throw new Error(`${this.#name} ended with exit code ${code}`);
  }

  /** Kills the program; does nothing once it has ended. */
  kill(): void {
    this.#process.kill("SIGKILL");
  }
}

async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of stream) {
    text += decoder.decode(chunk, { stream: true });
    for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n")) {
      yield text.slice(0, end);
      text = text.slice(end + 1);
    }
  }
}
