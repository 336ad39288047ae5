import { isToken } from "./http-headers.ts";

/** The status code and reason phrase of a response, and its header Location. */
export interface AnswerHead {
  readonly status: number;
  readonly reason: string;
  readonly location: string;
}

export interface HttpAnswerOptions {
  /** Whether the request was HEAD: its response has no body, whatever the headers say. */
  readonly isHead: boolean;
  readonly onBody: (bytes: Uint8Array) => void;
}

const broken = "net/http: HTTP/1.x transport connection broken";
const malformed = `${broken}: malformed HTTP response`;
const empty: Buffer = Buffer.alloc(0);
const newline = 0x0a;
const carriageReturn = 0x0d;
const switchingProtocols = 101;
const bodiless: ReadonlySet<number> = new Set([switchingProtocols, 204, 304]);
const usedHeaders: ReadonlySet<string> = new Set(["location", "content-length", "transfer-encoding"]);

/** Maximum length in bytes of a response's head, together with 1xx responses before it. */
const headBytesMax = 65_536;

/**
 * Maximum number of bytes of a body that are read; the check then closes the connection, so that an endless body costs
 * little. Consul reads until the timeout. The check's status is the same, since it depends only on the HTTP status code.
 */
const bodyBytesReadMax = 1024 * 1024;

/** Maximum length in bytes of a chunk-size line, with its extensions, and of a trailer line. */
const chunkLineBytesMax = 4096;

/**
 * The part of the response that the next byte belongs to. A "length" body has a known length; an "open" body lasts until the
 * connection ends.
 */
type Part = "status" | "header" | "length" | "open" | "chunk-size" | "chunk" | "chunk-end" | "trailer" | "over";

const bodyParts: ReadonlySet<Part> = new Set(["length", "open", "chunk"]);

/**
 * Incrementally parses the response to one request (RFC 9112). Lines may end without a carriage return; 1xx responses are
 * skipped. A fault in the head makes the response invalid. A fault after the head ends the body, and the response stays valid.
 */
export class HttpAnswerReader {
  readonly #options: HttpAnswerOptions;
  #part: Part = "status";
  /** The received part of an incomplete line. */
  #line: Buffer = empty;
  #headBytes = 0;
  #bodyBytes = 0;
  /** Number of bytes of a body or chunk of known length that have not arrived. */
  #left = 0;
  #status = 0;
  #reason = "";
  readonly #headers = new Map<string, string>();
  #lastHeader = "";
  #failure: string | undefined;

  constructor(options: HttpAnswerOptions) {
    this.#options = options;
  }

  /** The head of the response; undefined until the head is complete, and after a fault in it. */
  get head(): AnswerHead | undefined {
    if (this.#failure !== undefined || this.#part === "status" || this.#part === "header") return undefined;
    return { status: this.#status, reason: this.#reason, location: this.#headers.get("location") ?? "" };
  }

  /** Go's text for a fault in the head. */
  get failure(): string | undefined {
    return this.#failure;
  }

  /** Whether the response is complete, or no more of it will be read. */
  get isOver(): boolean {
    return this.#part === "over";
  }

  read(bytes: Buffer): void {
    const isBody = this.head !== undefined;
    let rest = this.#line.length === 0 ? bytes : Buffer.concat([this.#line, bytes]);
    this.#line = empty;
    while (rest.length > 0 && this.#part !== "over")
      rest = bodyParts.has(this.#part) ? this.#readBody(rest) : this.#readLine(rest);
    if (isBody) this.#bodyBytes += bytes.length;
    if (this.#bodyBytes >= bodyBytesReadMax) this.#part = "over";
  }

  /** Ends the response when the connection has ended. A response whose head is complete is valid even if its body is not. */
  end(): void {
    if (this.head === undefined)
      this.#fail(this.#headBytes + this.#line.length === 0 ? "EOF" : `${broken}: unexpected EOF`);
    this.#part = "over";
  }

  /** Records a fault in the response, unless an earlier one was recorded. */
  #fail(text: string): void {
    this.#failure ??= text;
    this.#part = "over";
  }

  /** Reads bytes of the body. @returns the bytes that follow the body or chunk */
  #readBody(bytes: Buffer): Buffer {
    const taken = this.#part === "open" ? bytes : bytes.subarray(0, this.#left);
    this.#options.onBody(taken);
    this.#left -= taken.length;
    if (this.#left === 0 && this.#part === "length") this.#part = "over";
    if (this.#left === 0 && this.#part === "chunk") this.#part = "chunk-end";
    return bytes.subarray(taken.length);
  }

  /** Reads bytes of a line, and processes the line if it is complete. @returns the bytes that follow the line */
  #readLine(bytes: Buffer): Buffer {
    const end = bytes.indexOf(newline);
    this.#countLine(end < 0 ? bytes.length : end + 1, { isWhole: end >= 0 });
    if (this.#part === "over") return empty;
    if (end < 0) {
      this.#line = bytes;
      return empty;
    }
    this.#takeLine(bytes.subarray(0, bytes[end - 1] === carriageReturn ? end - 1 : end).toString());
    return bytes.subarray(end + 1);
  }

  #countLine(length: number, { isWhole }: { readonly isWhole: boolean }): void {
    if (this.#part !== "status" && this.#part !== "header") {
      if (length > chunkLineBytesMax) this.#part = "over";
      return;
    }
    if (this.#headBytes + length > headBytesMax)
      this.#fail(`${broken}: net/http: server response headers exceeded ${headBytesMax} bytes; aborted`);
    if (isWhole) this.#headBytes += length;
  }

  #takeLine(line: string): void {
    switch (this.#part) {
      case "status":
        return this.#takeStatus(line);
      case "header":
        return line === "" ? this.#endHead() : this.#takeHeader(line);
      case "chunk-size":
        return this.#takeChunkSize(line);
      case "chunk-end":
        this.#part = line === "" ? "chunk-size" : "over";
        break;
      case "trailer":
        if (line === "") this.#part = "over";
        break;
      case "length":
      case "open":
      case "chunk":
      case "over": // these parts do not consist of lines
        break;
    }
  }

  #takeStatus(line: string): void {
    const [, status, reason = ""] = /^HTTP\/1\.\d (\d{3})(?: (.*))?$/s.exec(line) ?? [];
    if (status === undefined) return this.#fail(malformed);
    this.#status = Number(status);
    this.#reason = reason;
    this.#headers.clear();
    this.#lastHeader = "";
    this.#part = "header";
  }

  #takeHeader(line: string): void {
    if (/^[ \t]/.test(line)) return this.#continueHeader(line.trim());
    const colon = line.indexOf(":");
    const name = line.slice(0, Math.max(colon, 0)).toLowerCase();
    if (!isToken(name)) return this.#fail(malformed);
    this.#lastHeader = name;
    const value = line.slice(colon + 1).trim();
    const known = this.#headers.get(name);
    if (!usedHeaders.has(name) || (name === "location" && known !== undefined)) return;
    this.#headers.set(name, known === undefined ? value : `${known}, ${value}`);
  }

  /** Appends a continuation line, which begins with white space, to the last header's value. */
  #continueHeader(more: string): void {
    if (this.#lastHeader === "") return this.#fail(malformed);
    const known = this.#headers.get(this.#lastHeader);
    if (known !== undefined) this.#headers.set(this.#lastHeader, `${known} ${more}`);
  }

  #endHead(): void {
    const announcesOnly = this.#status < 200 && this.#status !== switchingProtocols;
    if (announcesOnly) this.#part = "status";
    else if (this.#options.isHead || bodiless.has(this.#status)) this.#part = "over";
    else this.#beginBody(this.#headers.get("transfer-encoding"), this.#headers.get("content-length"));
  }

  #beginBody(encoding: string | undefined, length: string | undefined): void {
    const [first = "", ...others] = length?.split(",").map((each) => each.trim()) ?? [];
    if (encoding !== undefined) this.#part = /(?:^|[ ,])chunked$/i.test(encoding) ? "chunk-size" : "open";
    else if (length === undefined) this.#part = "open";
    else if (!/^\d{1,15}$/.test(first) || others.some((other) => other !== first)) this.#fail(malformed);
    else this.#beginPart("length", Number(first));
  }

  #takeChunkSize(line: string): void {
    const [, size] = /^([0-9a-f]{1,12})[ \t]*(?:;.*)?$/is.exec(line) ?? [];
    if (size === undefined) this.#part = "over";
    else this.#beginPart("chunk", Number.parseInt(size, 16));
  }

  #beginPart(part: "length" | "chunk", bytes: number): void {
    this.#left = bytes;
    if (bytes > 0) this.#part = part;
    else this.#part = part === "length" ? "over" : "trailer";
  }
}
