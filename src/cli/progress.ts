import type { CommandIo } from "./command.ts";

const toLineStart = "\r\u001b[K";

/** How far long work is, in one line of standard error that is drawn anew: on a terminal only. */
export class Progress {
  readonly #io: Pick<CommandIo, "stderr" | "isErrorTerminal">;
  #shown = "";

  constructor(io: Pick<CommandIo, "stderr" | "isErrorTerminal">) {
    this.#io = io;
  }

  show(text: string): void {
    if (!this.#io.isErrorTerminal || text === this.#shown) return;
    this.#io.stderr(`${toLineStart}${text}`);
    this.#shown = text;
  }

  /** Takes the line away. */
  end(): void {
    if (this.#shown !== "") this.#io.stderr(toLineStart);
    this.#shown = "";
  }
}
