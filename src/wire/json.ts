import { messageOf, OperatingError } from "../lib/errors.ts";
import { bareRecord } from "./bare-record.ts";

/** Maximum depth of nesting: enough for any body of the API, and little enough for the call stack. */
const depthMax = 500;

/**
 * Parses one JSON value. Error texts are those of Go's encoding/json. Consul: bytes after the value are ignored, and some clients
 * send them (consul-answers.test.ts). Objects have no prototype, and integers beyond 2^53 are bigint, because a key's flags have
 * 64 bits.
 * @throws OperatingError invalid, code "decode", with the text of the HTTP response
 */
export function parseJson(bytes: Uint8Array): unknown {
  const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
  return new JsonReader(text).read();
}

/**
 * Parses one JSON value as parseJson does, but refuses bytes after the value.
 * @throws OperatingError invalid, code "decode"
 */
export function parseWholeJson(bytes: Uint8Array): unknown {
  const text = new TextDecoder("utf-8").decode(bytes);
  return new JsonReader(text).readWhole();
}

const failurePrefix = "Request decode failed: ";

/** Makes the error for a malformed request body. */
export function decodeFailure(what: string): OperatingError {
  return new OperatingError("invalid", "decode", `${failurePrefix}${what}`);
}

/** Returns the message of a decodeFailure without its prefix, for input that is not a request body. */
export function decodeFailureReason(thrown: unknown): string {
  const message = messageOf(thrown);
  return message.startsWith(failurePrefix) ? message.slice(failurePrefix.length) : message;
}

class JsonReader {
  readonly #text: string;
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
  }

  read(): unknown {
    this.#skipSpace();
    if (this.#at >= this.#text.length) throw decodeFailure("EOF");
    return this.#value();
  }

  readWhole(): unknown {
    const value = this.read();
    this.#skipSpace();
    if (this.#at < this.#text.length) throw this.#unexpected("after top-level value");
    return value;
  }

  #value(): unknown {
    const first = this.#text[this.#at];
    switch (first) {
      case "{":
        return this.#nested(() => this.#object());
      case "[":
        return this.#nested(() => this.#array());
      case '"':
        return this.#string();
      case "t":
        return this.#literal("true", true);
      case "f":
        return this.#literal("false", false);
      case "n":
        return this.#literal("null", null);
      default:
        return this.#number();
    }
  }

  #nested<T>(read: () => T): T {
    this.#depth += 1;
    if (this.#depth > depthMax) throw decodeFailure(`exceeded max depth (${depthMax})`);
    this.#at += 1;
    this.#skipSpace();
    const value = read();
    this.#depth -= 1;
    return value;
  }

  #object(): Record<string, unknown> {
    const object = bareRecord<unknown>();
    if (this.#take("}")) return object;
    for (;;) {
      if (this.#text[this.#at] !== '"') throw this.#unexpected("looking for beginning of object key string");
      const key = this.#string();
      if (key === "__proto__") throw decodeFailure('the name "__proto__" is not allowed');
      this.#skipSpace();
      if (!this.#take(":")) throw this.#unexpected("after object key");
      this.#skipSpace();
      object[key] = this.#value();
      this.#skipSpace();
      if (this.#take("}")) return object;
      if (!this.#take(",")) throw this.#unexpected("after object key:value pair");
      this.#skipSpace();
    }
  }

  #array(): unknown[] {
    const array: unknown[] = [];
    if (this.#take("]")) return array;
    for (;;) {
      array.push(this.#value());
      this.#skipSpace();
      if (this.#take("]")) return array;
      if (!this.#take(",")) throw this.#unexpected("after array element");
      this.#skipSpace();
    }
  }

  #string(): string {
    this.#at += 1;
    let value = this.#plain();
    while (!this.#take('"')) {
      if (!this.#take("\\")) throw this.#unexpected("in string literal");
      value += this.#escape() + this.#plain();
    }
    return value.isWellFormed() ? value : value.toWellFormed();
  }

  /** Reads the characters up to a quote, a backslash, or one that is not allowed in a string. */
  #plain(): string {
    const start = this.#at;
    for (;;) {
      const code = this.#text.charCodeAt(this.#at);
      // At the end of the text `code` is NaN, which is not above 31 either.
      if (code === quote || code === backslash || !(code > 0x1f)) return this.#text.slice(start, this.#at);
      this.#at += 1;
    }
  }

  #escape(): string {
    const letter = this.#text[this.#at] ?? "";
    if (letter !== "u") {
      const character = escapes[letter];
      if (character === undefined) throw this.#unexpected("in string escape code");
      this.#at += 1;
      return character;
    }
    this.#at += 1;
    const digits = this.#match(/[0-9a-fA-F]{0,4}/y);
    if (digits.length < 4) throw this.#unexpected("in \\u hexadecimal character escape");
    return String.fromCharCode(Number.parseInt(digits, 16));
  }

  #literal<T>(word: string, value: T): T {
    for (const letter of word) {
      if (!this.#take(letter)) throw this.#unexpected(`in literal ${word} (expecting '${letter}')`);
    }
    return value;
  }

  #number(): number | bigint {
    const start = this.#at;
    const negative = this.#take("-");
    if (!this.#take("0") && this.#match(/[0-9]*/y) === "") {
      throw this.#unexpected(negative ? "in numeric literal" : "looking for beginning of value");
    }
    const integerEnd = this.#at;
    if (this.#take(".") && this.#match(/[0-9]*/y) === "")
      throw this.#unexpected("after decimal point in numeric literal");
    if (this.#match(/[eE][+-]?/y) !== "" && this.#match(/[0-9]*/y) === "")
      throw this.#unexpected("in exponent of numeric literal");
    const text = this.#text.slice(start, this.#at);
    const number = Number(text);
    return this.#at === integerEnd && !Number.isSafeInteger(number) ? BigInt(text) : number;
  }

  #skipSpace(): void {
    while (isSpace(this.#text.charCodeAt(this.#at))) this.#at += 1;
  }

  #take(character: string): boolean {
    if (this.#text[this.#at] !== character) return false;
    this.#at += 1;
    return true;
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const matched = pattern.exec(this.#text)?.[0] ?? "";
    this.#at += matched.length;
    return matched;
  }

  #unexpected(where: string): OperatingError {
    const code = this.#text.codePointAt(this.#at);
    if (code === undefined) return decodeFailure("unexpected EOF");
    // Go names the first UTF-8 byte of a character beyond ASCII.
    const [byte = 0] = new TextEncoder().encode(String.fromCodePoint(code));
    return decodeFailure(`invalid character ${quoteCharacter(String.fromCharCode(byte))} ${where}`);
  }
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;
}

const quote = 0x22;
const backslash = 0x5c;

const escapes: Readonly<Record<string, string | undefined>> = {
  '"': '"',
  "\\": "\\",
  "/": "/",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
};

/** Quotes a character as Go does: '\n', '\x01', '"', '\''. */
function quoteCharacter(character: string): string {
  if (character === "'") return "'\\''";
  if (character === '"') return "'\"'";
  const json = JSON.stringify(character).slice(1, -1);
  return `'${json.replace(/^\\u00/, "\\x")}'`;
}
