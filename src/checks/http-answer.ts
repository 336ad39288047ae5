import { isToken } from "./http-headers.ts";

/** The first line of an answer, and the one header that a check reads. */
export interface AnswerHead {
  readonly status: number;
  readonly reason: string;
  readonly location: string;
}

export interface HttpAnswerOptions {
  /** The answer to HEAD has no body, whatever its headers say. */
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

/** An answer's head, and those that only announce it, must not be longer. */
const headBytesMax = 65_536;

/**
 * Of what follows the head, this much is read. The status decides, and of the body only the end is shown: Consul reads on
 * for as long as there is time; here the connection is closed, so that an endless body costs little.
 */
const bodyBytesReadMax = 1024 * 1024;

/** A chunk's length with its extensions, or a trailer. */
const chunkLineBytesMax = 4096;

/** What comes next; each is left behind with its last byte. */
type Part = "status" | "header" | "length" | "open" | "chunk-size" | "chunk" | "chunk-end" | "trailer" | "over";

const bodyParts: ReadonlySet<Part> = new Set(["length", "open", "chunk"]);

/**
 * Reads the answer to one request, in whatever pieces it comes (RFC 9112). Lines may end without a carriage return; 1xx
 * answers are passed over. What is wrong in the head makes the answer none; what is wrong further on ends its body, and
 * the status counts.
 */
export class HttpAnswerReader {
  readonly #options: HttpAnswerOptions;
  #part: Part = "status";
  /** The beginning of a line whose end has not come. */
  #line: Buffer = empty;
  #headBytes = 0;
  #bodyBytes = 0;
  /** Of a body or chunk of known length: still to come. */
  #left = 0;
  #status = 0;
  #reason = "";
  readonly #headers = new Map<string, string>();
  #lastHeader = "";
  #failure: string | undefined;

  constructor(options: HttpAnswerOptions) {
    this.#options = options;
  }

  /** The head, once all of it has come and if there is no fault in it. */
  get head(): AnswerHead | undefined {
    if (this.#failure !== undefined || this.#part === "status" || this.#part === "header") return undefined;
    return { status: this.#status, reason: this.#reason, location: this.#headers.get("location") ?? "" };
  }

  /** Why there is no answer, in the words of Go. */
  get failure(): string | undefined {
    return this.#failure;
  }

  /** Nothing more is wanted of the connection. */
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

  /** The connection has ended. An answer without a length is whole now, one that was cut off as good as it will be. */
  end(): void {
    if (this.head === undefined)
      this.#fail(this.#headBytes + this.#line.length === 0 ? "EOF" : `${broken}: unexpected EOF`);
    this.#part = "over";
  }

  /** The first fault counts. */
  #fail(words: string): void {
    this.#failure ??= words;
    this.#part = "over";
  }

  /** @returns what is left of the bytes */
  #readBody(bytes: Buffer): Buffer {
    const taken = this.#part === "open" ? bytes : bytes.subarray(0, this.#left);
    this.#options.onBody(taken);
    this.#left -= taken.length;
    if (this.#left === 0 && this.#part === "length") this.#part = "over";
    if (this.#left === 0 && this.#part === "chunk") this.#part = "chunk-end";
    return bytes.subarray(taken.length);
  }

  /** @returns what is left of the bytes */
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
      case "over": // none of these has lines
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

  /** A value may go on in lines that begin with a space. */
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
