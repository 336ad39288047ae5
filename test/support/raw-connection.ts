import { connect, type Socket } from "node:net";
import { gunzipSync } from "node:zlib";
import { patienceMs } from "./patience.ts";

/** One answer as received. */
export interface RawAnswer {
  readonly status: number;
  /** Each header line as received: "X-Consul-Index: 12". */
  readonly headerLines: readonly string[];
  readonly body: Buffer;
}

const answerWithinMs = 10_000;

/** A connection on which a test sends octets exactly as some program sends them, one request after the other. */
export class RawConnection implements AsyncDisposable {
  readonly #socket: Socket;
  #received: Buffer = Buffer.alloc(0);
  #wake = Promise.withResolvers<void>();
  #ended = false;

  /**
   * Connects to the server.
   * @param url a URL, also of a unix socket: "unix:///path"
   */
  static async open(url: string): Promise<RawConnection> {
    const { protocol, pathname, hostname, port } = new URL(url);
    const socket = connect(protocol === "unix:" ? { path: pathname } : { host: hostname, port: Number(port) });
    await new Promise<void>((resolve, reject) => socket.once("connect", resolve).once("error", reject));
    return new RawConnection(socket);
  }

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on("data", (chunk: Buffer) => this.#take(chunk));
    socket.on("error", () => this.#end());
    socket.on("close", () => this.#end());
  }

  send(octets: string | Uint8Array): void {
    this.#socket.write(octets);
  }

  /**
   * Returns the next answer, but skips 100 Continue.
   * @throws Error when the connection ends first, or no answer comes in time
   */
  async answer(): Promise<RawAnswer> {
    const answer = await this.next();
    return answer.status === 100 ? this.answer() : answer;
  }

  /**
   * Returns the next answer, which may be 100 Continue.
   * @param withinMs time limit on a quiet machine, in milliseconds
   */
  async next(withinMs: number = answerWithinMs): Promise<RawAnswer> {
    const timer = setTimeout(() => this.#end(), patienceMs(withinMs));
    try {
      for (;;) {
        const whole = takeAnswer(this.#received);
        if (whole !== undefined) {
          this.#received = whole.rest;
          return whole.answer;
        }
        if (this.#ended) throw new Error(`no whole answer came: ${JSON.stringify(this.#received.toString("latin1"))}`);
        await this.#wake.promise;
      }
    } finally {
      clearTimeout(timer);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.destroy();
  }

  #take(chunk: Buffer): void {
    this.#received = Buffer.concat([this.#received, chunk]);
    this.#notify();
  }

  #end(): void {
    this.#ended = true;
    this.#notify();
  }

  #notify(): void {
    const wake = this.#wake;
    this.#wake = Promise.withResolvers();
    wake.resolve();
  }
}

/** Returns the value of the header with exactly this letter case, because some clients compare it. */
export function headerOf({ headerLines }: RawAnswer, name: string): string | undefined {
  return headerLines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2);
}

/** Returns the body, decompressed when it is gzip. */
export function textOf(answer: RawAnswer): string {
  const isPacked = headerOf(answer, "Content-Encoding") === "gzip";
  return (isPacked ? gunzipSync(answer.body) : answer.body).toString();
}

function takeAnswer(received: Buffer): { readonly answer: RawAnswer; readonly rest: Buffer } | undefined {
  const headEnd = received.indexOf("\r\n\r\n");
  if (headEnd < 0) return undefined;
  const [first = "", ...headerLines] = received.subarray(0, headEnd).toString("latin1").split("\r\n");
  const after = received.subarray(headEnd + 4);
  const isChunked = headerLines.some((line) => /^transfer-encoding: *chunked$/i.test(line));
  const found = isChunked ? takeChunks(after) : takeLength(after, lengthOf(headerLines));
  if (found === undefined) return undefined;
  return { answer: { status: Number(first.split(" ")[1]), headerLines, body: found.body }, rest: found.rest };
}

interface Taken {
  readonly body: Buffer;
  readonly rest: Buffer;
}

function takeLength(after: Buffer, length: number): Taken | undefined {
  return after.length < length ? undefined : { body: after.subarray(0, length), rest: after.subarray(length) };
}

function takeChunks(after: Buffer): Taken | undefined {
  const chunks: Buffer[] = [];
  for (let at = 0; ;) {
    const lineEnd = after.indexOf("\r\n", at);
    if (lineEnd < 0) return undefined;
    const length = Number.parseInt(after.subarray(at, lineEnd).toString("latin1"), 16);
    const end = lineEnd + 2 + length + 2;
    if (after.length < end) return undefined;
    if (length === 0) return { body: Buffer.concat(chunks), rest: after.subarray(end) };
    chunks.push(after.subarray(lineEnd + 2, end - 2));
    at = end;
  }
}

function lengthOf(headerLines: readonly string[]): number {
  const line = headerLines.find((each) => /^content-length:/i.test(each));
  return Number(line?.slice("content-length:".length) ?? 0);
}
