import { request as httpRequest, type IncomingMessage } from "node:http";

export interface ExchangeRequest {
  /** The path as it is sent, not normalised: it may contain "//", "%2F" or an invalid escape. */
  readonly path: string;
  /** The request's body. Text and bytes are sent unchanged, any other value as JSON. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Whether the body is sent chunked, without a Content-Length. */
  readonly chunked?: boolean;
}

/** A response as received: neither decoded nor normalised. Redirects are not followed. */
export class Answer {
  readonly status: number;
  /** The headers in the order of their arrival, with their names in the letter case in which the agent sent them. */
  readonly headers: ReadonlyArray<readonly [name: string, value: string]>;
  readonly bytes: Buffer;

  constructor(message: IncomingMessage, bytes: Buffer) {
    this.status = message.statusCode ?? 0;
    this.headers = pairsOf(message.rawHeaders);
    this.bytes = bytes;
  }

  get text(): string {
    return this.bytes.toString("utf8");
  }

  /** Returns the parsed body. @throws SyntaxError when the body is not JSON */
  get json(): unknown {
    return JSON.parse(this.text);
  }

  /** Returns the value of the header whose name has exactly this letter case; undefined when it is missing. */
  header(name: string): string | undefined {
    return this.headers.find(([each]) => each === name)?.[1];
  }

  /** Returns the number in X-Consul-Index; NaN when the header is missing. */
  get index(): number {
    return Number(this.header("X-Consul-Index"));
  }
}

/** Sends one request on a new connection, and resolves with the response. */
export function exchange(url: string, method: string, request: ExchangeRequest): Promise<Answer> {
  const { hostname, port } = new URL(url);
  const body = bytesOf(request.body);
  const headers = { ...request.headers, ...lengthHeader(body, request) };
  return new Promise((resolve, reject) => {
    const sent = httpRequest({ hostname, port, method, path: request.path, headers, agent: false }, (message) => {
      const chunks: Buffer[] = [];
      message.on("data", (chunk: Buffer) => chunks.push(chunk));
      message.on("error", reject);
      message.on("end", () => resolve(new Answer(message, Buffer.concat(chunks))));
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

function bytesOf(body: unknown): Buffer | undefined {
  if (body === undefined) return undefined;
  if (typeof body === "string") return Buffer.from(body);
  return Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body));
}

function lengthHeader(body: Buffer | undefined, request: ExchangeRequest): Record<string, string> {
  if (body === undefined) return {};
  return request.chunked === true ? { "Transfer-Encoding": "chunked" } : { "Content-Length": String(body.length) };
}

function pairsOf(raw: readonly string[]): ReadonlyArray<readonly [string, string]> {
  return raw.flatMap((name, at) => (at % 2 === 0 ? [[name, raw[at + 1] ?? ""] as const] : []));
}
