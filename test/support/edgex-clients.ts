import { sharedTarget } from "./conformance.ts";
import { headerOf, type RawAnswer, RawConnection, textOf } from "./raw-connection.ts";

// Sends the requests of EdgeX Geneva's clients, octet by octet.

const host = "localhost:8500";

/**
 * Returns a request as Go's HTTP client sends it for HashiCorp's API package: no Content-Type, no Accept, a Content-Length with
 * each PUT.
 */
export function goRequest(method: "GET" | "PUT", target: string, body: string | Uint8Array = ""): Buffer {
  const bytes = Buffer.from(body);
  const head = [
    `${method} ${target} HTTP/1.1`,
    `Host: ${host}`,
    "User-Agent: Go-http-client/1.1",
    ...(method === "PUT" ? [`Content-Length: ${bytes.length}`] : []),
    "Accept-Encoding: gzip",
  ];
  return Buffer.concat([Buffer.from(`${head.join("\r\n")}\r\n\r\n`), bytes]);
}

/** Escapes a path as Go does, which leaves many unusual characters unescaped. */
export function goPath(path: string): string {
  const escape = (each: string): string => `%${each.charCodeAt(0).toString(16).toUpperCase()}`;
  return encodeURI(path).replaceAll(/[?#!'()*]/g, escape);
}

/** Returns a read request of the C SDK, which uses libcurl. */
function cRequest(target: string): string {
  return `GET ${target} HTTP/1.1\r\nHost: ${host}\r\nUser-Agent: edgex\r\nAccept: */*\r\n\r\n`;
}

/** Returns the head of a PUT request of the C SDK, which sends the body after 100 Continue, or after a second. */
function cUploadHead(target: string, length: number | "chunked"): string {
  const framing = length === "chunked" ? "Transfer-Encoding: chunked" : `Content-Length: ${length}`;
  const fields = [`Host: ${host}`, "User-Agent: edgex", "Accept: */*", framing, "Content-Type: application/json"];
  return `PUT ${target} HTTP/1.1\r\n${fields.join("\r\n")}\r\nExpect: 100-continue\r\n\r\n`;
}

/** The parts of an answer that an EdgeX client reads. */
export interface ClientAnswer {
  readonly status: number;
  readonly text: string;
  /** The value of the header X-Consul-Index in exactly this letter case; undefined when the header is missing. */
  readonly index: string | undefined;
}

/** One client and its keep-alive connection to the agent that all test files share. */
export class EdgexClient implements AsyncDisposable {
  readonly #connection: RawConnection;

  static async open(): Promise<EdgexClient> {
    return new EdgexClient(await RawConnection.open((await sharedTarget()).url));
  }

  private constructor(connection: RawConnection) {
    this.#connection = connection;
  }

  /** Sends a request as Go's clients do. */
  async go(method: "GET" | "PUT", target: string, body: string | Uint8Array = ""): Promise<ClientAnswer> {
    this.#connection.send(goRequest(method, target, body));
    return readAnswer(await this.#connection.answer());
  }

  /** Sends a read request as the C SDK does. */
  async c(target: string): Promise<ClientAnswer> {
    this.#connection.send(cRequest(target));
    return readAnswer(await this.#connection.answer());
  }

  /** Sends a write request with a Content-Length as the C SDK does: it waits for 100 Continue before it sends the body. */
  async cUpload(target: string, body: string): Promise<ClientAnswer> {
    this.#connection.send(cUploadHead(target, Buffer.byteLength(body)));
    const first = await this.#connection.next();
    if (first.status !== 100) return readAnswer(first);
    this.#connection.send(body);
    return readAnswer(await this.#connection.answer());
  }

  /** Sends a write request without a body as the C SDK does: chunked, with only the last chunk. */
  async cUploadNothing(target: string): Promise<ClientAnswer> {
    this.#connection.send(cUploadHead(target, "chunked"));
    this.#connection.send("0\r\n\r\n");
    return readAnswer(await this.#connection.answer());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#connection[Symbol.asyncDispose]();
  }
}

function readAnswer(answer: RawAnswer): ClientAnswer {
  return { status: answer.status, text: textOf(answer), index: headerOf(answer, "X-Consul-Index") };
}
