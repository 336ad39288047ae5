import { isatty } from "node:tty";
import type { Size } from "./body.ts";

/** Alternate screen, no cursor, no wrapping at the right edge; and all back. */
const enter = "\u001b[?1049h\u001b[?25l\u001b[?7l\u001b[2J";
const leave = "\u001b[?7h\u001b[?25h\u001b[?1049l";

/** Whether a person sits at both ends. Other devices than terminals are characters' devices, too: /dev/null. */
export function isInteractive(): boolean {
  return isatty(0) && isatty(1);
}

/** The terminal that this process runs in, as a screen of lines. What it was before comes back when it is closed. */
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

  /** All at once, and only what is another than before: nothing flickers. */
  draw(lines: readonly string[]): void {
    if (this.#closed) return;
    const changes = redrawn(this.#shown, lines);
    if (changes !== "") this.#write(changes);
    this.#shown = lines;
  }

  /** Idempotent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#write(leave);
    process.stdin.setRawMode(false);
    process.stdin.pause();
  }
}

/** What turns the one picture into the other: only lines that differ are written. */
export function redrawn(before: readonly string[], after: readonly string[]): string {
  return after.map((line, at) => (line === before[at] ? "" : `\u001b[${at + 1};1H${line}\u001b[K`)).join("");
}
