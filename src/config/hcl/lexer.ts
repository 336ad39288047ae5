import { type Place, unusableFile } from "../syntax-tree.ts";
import { unescapeHclString } from "./escapes.ts";

export type TokenKind = "ident" | "string" | "number" | "bool" | "{" | "}" | "[" | "]" | "," | "=" | ":" | "end";

export interface Token {
  readonly kind: TokenKind;
  readonly place: Place;
  /** The decoded text of an identifier or a string. */
  readonly text: string;
  /** The value of a number or a boolean. */
  readonly value: number | boolean;
}

const blanks = /[ \t\r\n]+/y;
const lineComment = /(#|\/\/)[^\n]*/y;
const ident = /[\p{L}_][\p{L}\p{Nd}_.-]*/uy;
/** Matches a number and letters that directly follow it, so that the error for an invalid number names all of them. */
const number = /-?(?:0[xX]|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)[\w.]*/y;
const heredocStart = /<<(-?)([\p{L}\p{Nd}_]+)\r?\n/uy;

/** Splits the text of an HCL 1 file into tokens, without comments and blanks. */
export class Lexer {
  readonly #text: string;
  readonly #file: string;
  #at = 0;
  #line = 1;
  #lineStart = 0;

  constructor(text: string, file: string) {
    this.#text = text;
    this.#file = file;
  }

  next(): Token {
    this.#skipBlanks();
    const place = this.#place();
    const char = this.#text[this.#at];
    if (char === undefined) return token("end", place);
    if (isPunctuation(char)) {
      this.#at += 1;
      return token(char, place);
    }
    if (char === '"') return token("string", place, this.#readString(place));
    if (char === "<") return token("string", place, this.#readHeredoc(place));
    const word = this.#take(ident);
    if (word === "true" || word === "false") return token("bool", place, word, word === "true");
    if (word !== undefined) return token("ident", place, word);
    return this.#readNumber(place);
  }

  fail(place: Place, message: string): Error {
    return unusableFile(this.#file, [{ place, message }]);
  }

  #readNumber(place: Place): Token {
    const digits = this.#take(number);
    if (digits === undefined) throw this.fail(place, `illegal character ${JSON.stringify(this.#text[this.#at])}`);
    const value = parseHclNumber(digits);
    if (value === undefined) throw this.fail(place, `invalid number ${digits}`);
    return token("number", place, digits, value);
  }

  /** Reads a string. Inside `${...}`, a quote does not end the string, and a line break is allowed. */
  #readString(place: Place): string {
    let braces = 0;
    let end = this.#at + 1;
    for (; ; end += 1) {
      const char = this.#text[end];
      if (char === undefined || (char === "\n" && braces === 0)) throw this.fail(place, "literal not terminated");
      if (char === '"' && braces === 0) break;
      if (char === "\\" && braces === 0) end += 1;
      else if (char === "$" && this.#text[end + 1] === "{" && braces === 0) {
        braces = 1;
        end += 1;
      } else if (char === "{" && braces > 0) braces += 1;
      else if (char === "}" && braces > 0) braces -= 1;
    }
    const raw = this.#text.slice(this.#at + 1, end);
    this.#advance(end + 1);
    const text = unescapeHclString(raw);
    if (text === undefined) throw this.fail(place, "illegal char escape in a string");
    return text;
  }

  /**
   * Reads a heredoc: `<<END` up to a line that is END alone; `<<-END` also removes the closing END's indentation from each line.
   */
  #readHeredoc(place: Place): string {
    heredocStart.lastIndex = this.#at;
    const [opening, dash = "", anchor = ""] = heredocStart.exec(this.#text) ?? [];
    if (opening === undefined) throw this.fail(place, "invalid heredoc: expected <<NAME and the end of the line");
    const lines: string[] = [];
    let at = this.#at + opening.length;
    while (at < this.#text.length) {
      const newline = this.#text.indexOf("\n", at);
      const end = newline < 0 ? this.#text.length : newline;
      const line = this.#text.slice(at, end).replace(/\r$/, "");
      if (line.trim() === anchor) {
        this.#advance(end);
        return joinHeredoc(lines, dash === "" ? "" : line.slice(0, line.indexOf(anchor)));
      }
      lines.push(line);
      at = end + 1;
    }
    throw this.fail(place, `heredoc not terminated: no line is ${anchor} alone`);
  }

  #skipBlanks(): void {
    for (;;) {
      if (this.#take(blanks) !== undefined || this.#take(lineComment) !== undefined) continue;
      if (!this.#text.startsWith("/*", this.#at)) return;
      const end = this.#text.indexOf("*/", this.#at + 2);
      if (end < 0) throw this.fail(this.#place(), "comment not terminated");
      this.#advance(end + 2);
    }
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

  #place(): Place {
    return { line: this.#line, column: this.#at - this.#lineStart + 1 };
  }
}

function token(kind: TokenKind, place: Place, text = "", value: number | boolean = 0): Token {
  return { kind, place, text, value };
}

function isPunctuation(char: string): char is "{" | "}" | "[" | "]" | "," | "=" | ":" {
  return "{}[],=:".includes(char);
}

function joinHeredoc(lines: readonly string[], indent: string): string {
  const indented = lines.every((line) => line === "" || line.startsWith(indent));
  return lines.map((line) => `${indented ? line.slice(indent.length) : line}\n`).join("");
}

/** Parses an HCL 1 number: decimal, 0x hexadecimal, 0-prefixed octal or float. Returns undefined for anything else. */
function parseHclNumber(digits: string): number | undefined {
  const [, sign = "", magnitude = ""] = /^(-?)(.*)$/s.exec(digits) ?? [];
  const value = parseMagnitude(magnitude);
  if (value === undefined || !Number.isFinite(value)) return undefined;
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
