import { isatty } from "node:tty";
import type { Size } from "./body.ts";

/** Control sequences that switch to the alternate screen, without cursor and line wrapping (`enter`), and back (`leave`). */
const enter = "\u001b[?1049h\u001b[?25l\u001b[?7l\u001b[2J";
const leave = "\u001b[?7h\u001b[?25h\u001b[?1049l";

/** Returns whether both standard input and output are terminals. */
export function isInteractive(): boolean {
  return isatty(0) && isatty(1);
}

/** Draws lines of text on the process's terminal. close() restores the terminal's former content. */
export class Screen {
  readonly #write: (text: string) => void;
  #shown: readonly string[] = [];
  #closed = false;

  constructor(write: (text: string) => void) {
    this.#write = write;
    process.stdin.setRawMode(true);
    write(enter);
  }

  get size(): Size {
    const { columns, rows } = process.stdout;
    return { columns: columns || 80, rows: rows || 24 };
  }

  onKeys(handle: (text: string) => void): void {
    process.stdin.setEncoding("utf8").on("data", (text) => handle(String(text)));
  }

  onResize(handle: () => void): void {
    process.stdout.on("resize", () => {
      this.#shown = [];
      this.#write("\u001b[2J");
      handle();
    });
  }

  /** Draws all changed lines with one write, to avoid flicker. */
  draw(lines: readonly string[]): void {
    if (this.#closed) return;
    const changes = redrawn(this.#shown, lines);
    if (changes !== "") this.#write(changes);
    this.#shown = lines;
  }

  /** Restores the terminal's former content. A second call does nothing. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#write(leave);
    process.stdin.setRawMode(false);
    process.stdin.pause();
  }
}

/** Returns the output that turns one screen into another: only the lines that differ. */
export function redrawn(before: readonly string[], after: readonly string[]): string {
  return after.map((line, at) => (line === before[at] ? "" : `\u001b[${at + 1};1H${line}\u001b[K`)).join("");
}
