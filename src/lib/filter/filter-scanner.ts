import type { OperatingError } from "../errors.ts";
import { filterError } from "./filter-error.ts";
import { unquoteGo } from "./go-literal.ts";

/**
 * Reads a filter's text by its smallest parts, and remembers what to say if it cannot be read: the place furthest on that
 * was reached, and everything that could have stood there. What reads nothing moves nothing.
 */
export class FilterScanner {
  readonly #text: string;
  #at = 0;
  #furthest = 0;
  readonly #expected: Set<string> = new Set();
  /** Mistakes that are certain whatever else is tried, like a string without an end. */
  readonly #faults: Set<string> = new Set();

  constructor(text: string) {
    this.#text = text;
  }

  /** Runs `read`; when it finds nothing, goes back to where it began. */
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

  /** White space, and after it `text`. */
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

  /** "..." with Go's escapes, or `...` as it is. */
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

  /** Why the text cannot be read. */
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

  /** "line:column (byte offset)". */
  #place(at: number): string {
    const before = this.#text.slice(0, at);
    const lines = before.split("\n");
    return `${lines.length}:${Array.from(lines.at(-1) ?? "").length + 1} (${Buffer.byteLength(before)})`;
  }
}
