import type { CommandIo } from "./command.ts";

const toLineStart = "\r\u001b[K";

/** Shows progress in one line of standard error, which it redraws; shows nothing if standard error is not a terminal. */
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

  /** Clears the line that shows progress. */
  end(): void {
    if (this.#shown !== "") this.#io.stderr(toLineStart);
    this.#shown = "";
  }
}
