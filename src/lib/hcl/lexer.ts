import { unescapeHclString } from "./escapes.ts";
import { formatHclPlace, HclError, type HclPlace } from "./syntax.ts";

/** The kinds of tokens, by the names that HCL's errors have for them. */
export type TokenKind =
  | ("IDENT" | "STRING" | "HEREDOC" | "NUMBER" | "FLOAT" | "BOOL" | "COMMENT" | "EOF")
  | ("LBRACE" | "RBRACE" | "LBRACK" | "RBRACK" | "COMMA" | "ASSIGN" | "COLON" | "PERIOD" | "SUB" | "ADD");

export interface Token {
  readonly kind: TokenKind;
  readonly place: HclPlace;
  /** The token as written. */
  readonly text: string;
  /** The decoded text of an identifier or a string, or the value of a number or a boolean. */
  readonly value: string | number | boolean;
}

const punctuation: ReadonlyMap<string, TokenKind> = new Map([
  ["{", "LBRACE"],
  ["}", "RBRACE"],
  ["[", "LBRACK"],
  ["]", "RBRACK"],
  [",", "COMMA"],
  ["=", "ASSIGN"],
  [":", "COLON"],
  [".", "PERIOD"],
  ["-", "SUB"],
  ["+", "ADD"],
]);

const blanks = /[ \t\r\n]+/y;
const lineComment = /(#|\/\/)[^\n]*/y;
const ident = /[\p{L}_][\p{L}\p{Nd}_.-]*/uy;
/** Matches a number and letters that directly follow it, so that the error for an invalid number names all of them. */
const number = /-?(?:0[xX]|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)[\w.]*/y;
const heredocStart = /<<(-?)([\p{L}\p{Nd}_]+)\n/uy;

/** Splits the text of an HCL 1 file, whose lines end with "\n", into tokens and comments. */
export class Lexer {
  readonly #text: string;
  #at = 0;
  #line = 1;
  #lineStart = 0;
  /** How often HCL's own scanner has read the end of the text. It counts a column each time. */
  #endReads = 0;
  /** Whether the text is JSON, whose errors HashiCorp's parser writes otherwise. */
  isJson = false;

  constructor(text: string) {
    this.#text = text;
  }

  /** @throws HclError */
  next(): Token {
    this.#take(blanks);
    const start = this.#at;
    const place = this.#place(start);
    const token = (kind: TokenKind, value: string | number | boolean = ""): Token => ({
      kind,
      place,
      text: this.#text.slice(start, this.#at),
      value,
    });
    const char = this.#text[start];
    if (char === undefined) {
      this.#endReads += 1;
      return token("EOF");
    }
    if (this.#take(lineComment) !== undefined || this.#takeBlockComment()) return token("COMMENT");
    if (char === '"') return token("STRING", this.#readString());
    if (char === "<") return token("HEREDOC", this.#readHeredoc());
    const word = this.#take(ident);
    if (word !== undefined) {
      if (this.#at === this.#text.length) this.#endReads += 1;
      if (this.isJson && !/^(?:true|false|null)$/.test(word)) throw this.#error(this.#at - 1, "illegal char");
      return word === "true" || word === "false" ? token("BOOL", word === "true") : token("IDENT", word);
    }
    const digits = this.#take(number);
    if (digits !== undefined) {
      if (this.#at === this.#text.length) this.#endReads += 2;
      return token(/^-?\d+$|^-?0[xX]/.test(digits) ? "NUMBER" : "FLOAT", readNumber(digits, place));
    }
    const kind = punctuation.get(char);
    if (kind === undefined)
      throw this.#error(start, char === "\0" ? "unexpected null character (0x00)" : "illegal char");
    if (kind === (this.isJson ? "ASSIGN" : "COLON"))
      throw this.#error(start, this.isJson ? "illegal char: =" : "illegal char");
    this.#advance(start + 1);
    return token(kind);
  }

  /** Reads a string. Inside `${...}`, a quote does not end the string, and a line break is allowed. */
  #readString(): string {
    let braces = 0;
    let end = this.#at + 1;
    for (; ; end += 1) {
      const char = this.#text[end];
      if (char === undefined || (char === "\n" && braces === 0)) throw this.#fail(end, "literal not terminated");
      if (char === '"' && braces === 0) break;
      if (char === "\\" && braces === 0) {
        end += 1;
        if (!/[abfnrtv\\"0-7xuU]/.test(this.#text[end] ?? "")) throw this.#fail(end, "illegal char escape");
      } else if (char === "$" && this.#text[end + 1] === "{" && braces === 0) {
        braces = 1;
        end += 1;
      } else if (char === "{" && braces > 0) braces += 1;
      else if (char === "}" && braces > 0) braces -= 1;
    }
    const text = unescapeHclString(this.#text.slice(this.#at + 1, end));
    if (text === undefined) throw this.#fail(end, "illegal char escape");
    this.#advance(end + 1);
    return text;
  }

  /**
   * Reads a heredoc: `<<END` up to a line that is END alone; `<<-END` also removes the closing END's indentation from each line.
   */
  #readHeredoc(): string {
    heredocStart.lastIndex = this.#at;
    const [opening, dash = "", anchor = ""] = heredocStart.exec(this.#text) ?? [];
    if (opening === undefined) {
      const end = this.#text.indexOf("\n", this.#at);
      if (end < 0) throw this.#fail(this.#text.length, "heredoc not terminated");
      throw this.#fail(end, "invalid characters in heredoc anchor");
    }
    const lines: string[] = [];
    let at = this.#at + opening.length;
    while (at < this.#text.length) {
      const newline = this.#text.indexOf("\n", at);
      const end = newline < 0 ? this.#text.length : newline;
      const line = this.#text.slice(at, end);
      if (line.trim() === anchor) {
        this.#advance(end);
        return joinHeredoc(lines, dash === "" ? "" : line.slice(0, line.indexOf(anchor)));
      }
      lines.push(line);
      at = end + 1;
    }
    throw this.#fail(this.#text.length, "heredoc not terminated");
  }

  #takeBlockComment(): boolean {
    if (this.#text[this.#at] !== "/") return false;
    if (this.#text[this.#at + 1] !== "*") throw this.#fail(this.#at, "expected '/' for comment");
    const end = this.#text.indexOf("*/", this.#at + 2);
    if (end < 0) throw this.#fail(this.#text.length, "comment not terminated");
    this.#advance(end + 2);
    return true;
  }

  #take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const matched = pattern.exec(this.#text)?.[0];
    if (matched !== undefined) this.#advance(this.#at + matched.length);
    return matched;
  }

  #advance(end: number): void {
    for (let at = this.#at; at < end; at += 1) {
      if (this.#text[at] !== "\n") continue;
      this.#line += 1;
      this.#lineStart = at + 1;
    }
    this.#at = end;
  }

  /** Returns the error for a fault at the offset `at`, which no earlier token includes. */
  #fail(at: number, reason: string): HclError {
    this.#advance(at);
    return this.#error(at, reason);
  }

  /** Returns the error for a fault at the offset `at` on the current line. */
  #error(at: number, reason: string): HclError {
    const place = this.#place(at);
    return new HclError(place, reason, this.isJson ? `${formatHclPlace(place)}: ` : undefined);
  }

  #place(at: number): HclPlace {
    const column = at - this.#lineStart + 1;
    return { line: this.#line, column: at === this.#text.length ? column + this.#endReads : column };
  }
}

function joinHeredoc(lines: readonly string[], indent: string): string {
  const indented = lines.every((line) => line === "" || line.startsWith(indent));
  return lines.map((line) => `${indented ? line.slice(indent.length) : line}\n`).join("");
}

/** Parses an HCL 1 number: decimal, 0x hexadecimal, 0-prefixed octal or float. */
function readNumber(digits: string, place: HclPlace): number {
  const [, sign = "", magnitude = ""] = /^(-?)(.*)$/s.exec(digits) ?? [];
  if (/^0[xX]$/.test(magnitude))
    throw new HclError({ ...place, column: place.column + digits.length }, "illegal hexadecimal number");
  const value = parseMagnitude(magnitude);
  if (value === undefined || !Number.isFinite(value)) throw new HclError(place, `invalid number ${digits}`);
  return sign === "-" ? -value : value;
}

function parseMagnitude(digits: string): number | undefined {
  if (/^0[xX][0-9a-fA-F]+$/.test(digits)) return Number.parseInt(digits.slice(2), 16);
  if (/^0[0-7]+$/.test(digits)) return Number.parseInt(digits, 8);
  if (/^0\d+$/.test(digits)) return undefined;
  // The decimal point separates the two groups of digits: adjacent optional groups would backtrack in quadratic time.
  if (/^(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$/.test(digits)) return Number(digits);
  return undefined;
}
