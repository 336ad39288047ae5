import { within } from "./within.ts";

export interface TerminalOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly columns?: number;
  readonly rows?: number;
}

/** A program that believes that a person sits before it. */
export class TestTerminal implements AsyncDisposable {
  readonly #child: Bun.Subprocess;
  readonly #terminal: Bun.Terminal;
  #output = "";

  constructor(words: readonly string[], { cwd, env = {}, columns = 80, rows = 24 }: TerminalOptions = {}) {
    const decoder = new TextDecoder();
    this.#terminal = new Bun.Terminal({
      ...{ cols: columns, rows },
      data: (_terminal, bytes) => void (this.#output += decoder.decode(bytes, { stream: true })),
    });
    // In a session of its own, whose terminal this is: else it is not told of a new size.
    this.#child = Bun.spawn(["setsid", "--ctty", ...words], {
      ...(cwd !== undefined && { cwd }),
      env: { ...process.env, TERM: "xterm-256color", ...env },
      terminal: this.#terminal,
    });
  }

  get pid(): number {
    return this.#child.pid;
  }

  get exited(): Promise<number> {
    return this.#child.exited;
  }

  /** All that was written to it, with the codes that move the cursor and change colours. */
  get output(): string {
    return this.#output;
  }

  type(keys: string): void {
    this.#terminal.write(keys);
  }

  resize(columns: number, rows: number): void {
    this.#terminal.resize(columns, rows);
  }

  /** Resolves when what was written since the last call has this in it, colours and movements left out. */
  async shows(expected: RegExp, withinMs = 5_000): Promise<void> {
    return within(withinMs, () => {
      const text = Bun.stripANSI(this.#output);
      if (!expected.test(text)) throw new Error(`${String(expected)} is not in ${JSON.stringify(text)}`);
      this.#output = "";
      return Promise.resolve();
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#child.exited;
    this.#terminal.close();
  }
}
