import { within } from "./within.ts";

export interface TerminalOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly columns?: number;
  readonly rows?: number;
}

/** A program that runs on a pseudo-terminal. */
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
    // setsid starts the program in a new session with this controlling terminal; otherwise the program gets no SIGWINCH.
    this.#child = Bun.spawn(["setsid", "--ctty", ...words], {
      ...(cwd !== undefined && { cwd }),
      env: { ...process.env, TERM: "xterm-256color", ...env },
      terminal: this.#terminal,
    });
  }

  get pid(): number {
    return this.#child.pid;
  }

  /**
   * Resolves with the program's exit code when all that it wrote has arrived, which may be after its end: the terminal echoes a key
   * behind it. A program that leaves its terminal without echo fails the test.
   */
  get exited(): Promise<number> {
    return this.#end();
  }

  async #end(): Promise<number> {
    const code = await this.#child.exited;
    this.type("\u0006");
    await within(5_000, () => {
      if (!this.#output.endsWith("^F")) throw new Error(`no echo after ${JSON.stringify(this.#output)}`);
      this.#output = this.#output.slice(0, -2);
      return Promise.resolve();
    });
    return code;
  }

  /** Returns everything that the program wrote, control sequences included. */
  get output(): string {
    return this.#output;
  }

  type(keys: string): void {
    this.#terminal.write(keys);
  }

  resize(columns: number, rows: number): void {
    this.#terminal.resize(columns, rows);
  }

  /** Resolves when the output since the last call, without its control sequences, matches `expected`. */
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
