import type { OperatingError } from "../errors.ts";
import { filterError } from "./filter-error.ts";
import { unquoteGo } from "./go-literal.ts";

/**
 * Reads the tokens of a filter expression. For the error message the scanner remembers the furthest position that was reached and
 * the tokens that were expected there. A method that finds no match leaves the position as it is.
 */
export class FilterScanner {
  readonly #text: string;
  #at = 0;
  #furthest = 0;
  readonly #expected: Set<string> = new Set();
  /** Faults that remain whichever alternative of the grammar is tried, like an unterminated string. */
  readonly #faults: Set<string> = new Set();

  constructor(text: string) {
    this.#text = text;
  }

  /** Runs `read`, and restores the position when it returns undefined. */
  attempt<T>(read: () => T | undefined): T | undefined {
    const start = this.#at;
    const found = read();
    if (found === undefined) this.#at = start;
    return found;
  }

  literal(text: string): boolean {
    if (!this.#text.startsWith(text, this.#at)) return this.#miss(JSON.stringify(text));
    this.#at += text.length;
    return true;
  }

  /** Reads white space followed by `text`. Returns whether both are there. */
  word(text: string): boolean {
    return this.space() && this.literal(text);
  }

  space(): boolean {
    return this.#many(/[ \t\r\n]/y, "[ \\t\\r\\n]");
  }

  name(): string | undefined {
    const start = this.#at;
    if (!this.#one(/[a-zA-Z]/y, "[a-zA-Z]")) return undefined;
    this.#many(/[a-zA-Z0-9_]/y, "[a-zA-Z0-9_]");
    return this.#text.slice(start, this.#at);
  }

  number(): string | undefined {
    return this.attempt(() => {
      const start = this.#at;
      this.literal("-");
      if (!this.literal("0")) {
        if (!this.#one(/[1-9]/y, "[1-9]")) return undefined;
        this.#many(/[0-9]/y, "[0-9]");
      }
      this.attempt(() => (this.literal(".") && this.#many(/[0-9]/y, "[0-9]")) || undefined);
      const next = this.#text[this.#at] ?? " ";
      return /[ \t\r\n)]/.test(next)
        ? this.#text.slice(start, this.#at)
        : this.fault("number", "Invalid number literal");
    });
  }

  /** Reads a string: "..." with Go's escapes, or `...` without any. */
  string(): string | undefined {
    const start = this.#at;
    const quote = this.literal("`") ? "`" : this.literal('"') ? '"' : undefined;
    if (quote === undefined) return undefined;
    const end = this.#text.indexOf(quote, this.#at);
    if (end === -1) {
      this.#at = start;
      return this.fault("string", "Unterminated string literal", this.#text.length);
    }
    const inner = this.#text.slice(this.#at, end);
    this.#at = end + 1;
    const value = unquoteGo(quote, inner);
    if (value === undefined) this.fault("string", "invalid syntax", start);
    return value ?? "";
  }

  end(): boolean {
    return this.#at === this.#text.length || this.#miss("EOF");
  }

  fault(rule: string, what: string, at: number = this.#at): undefined {
    this.#faults.add(`${this.#place(at)}: rule "${rule}": ${what}`);
    return undefined;
  }

  get hasFaults(): boolean {
    return this.#faults.size > 0;
  }

  /** Returns the error that explains why the text does not parse. */
  error(): OperatingError {
    if (this.hasFaults) return filterError([...this.#faults].join("\n"));
    const labels = [...this.#expected].filter((label) => label !== "EOF").toSorted();
    if (this.#expected.has("EOF")) labels.push("EOF");
    const last = labels.pop() ?? "";
    const list = labels.length === 0 ? last : `${labels.join(", ")} or ${last}`;
    return filterError(`${this.#place(this.#furthest)}: no match found, expected: ${list}`);
  }

  #one(pattern: RegExp, label: string): boolean {
    pattern.lastIndex = this.#at;
    if (!pattern.test(this.#text)) return this.#miss(label);
    this.#at += 1;
    return true;
  }

  #many(pattern: RegExp, label: string): boolean {
    const start = this.#at;
    while (this.#one(pattern, label));
    return this.#at > start;
  }

  #miss(label: string): false {
    if (this.#at > this.#furthest) this.#expected.clear();
    if (this.#at >= this.#furthest) {
      this.#furthest = this.#at;
      this.#expected.add(label);
    }
    return false;
  }

  /** Returns a position as "line:column (byte offset)". */
  #place(at: number): string {
    const before = this.#text.slice(0, at);
    const lines = before.split("\n");
    return `${lines.length}:${Array.from(lines.at(-1) ?? "").length + 1} (${Buffer.byteLength(before)})`;
  }
}
