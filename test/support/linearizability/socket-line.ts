import { type Line, type LineAnswer, LineBroken, type LineRequest } from "./line.ts";

/**
 * A keep-alive connection that is reopened after it breaks. An HTTP client library is unsuitable: it repeats a request when a
 * kept connection turns out to be closed, and then one operation of the history has been executed twice.
 */
export class SocketLine implements Line {
  readonly #connectTo: (socket: Bun.SocketHandler<undefined>) => Promise<Bun.Socket>;
  #socket: Bun.Socket | undefined;
  #received: Buffer = Buffer.alloc(0);
  #waiting: PromiseWithResolvers<LineAnswer> | undefined;

  /** @param place the agent's URL, or the path of its unix socket */
  constructor(place: string) {
    this.#connectTo = place.startsWith("/")
      ? (socket) => Bun.connect({ unix: place, socket })
      : (socket) => Bun.connect({ hostname: "127.0.0.1", port: Number(new URL(place).port), socket });
  }

  async send(request: LineRequest): Promise<LineAnswer> {
    const socket = this.#socket ?? (await this.#connect());
    this.#socket = socket;
    this.#waiting = Promise.withResolvers();
    const { promise } = this.#waiting;
    const text = textOf(request);
    // A request is far smaller than the socket's buffer, so a partial write means that the connection is broken.
    if (socket.write(text) !== text.length) this.#break(socket);
    return promise;
  }

  close(): void {
    this.#socket?.terminate();
  }

  async #connect(): Promise<Bun.Socket> {
    this.#received = Buffer.alloc(0);
    const socket = {
      data: (_: Bun.Socket, chunk: Buffer): void => this.#take(chunk),
      close: (socket: Bun.Socket): void => this.#break(socket),
      error: (socket: Bun.Socket): void => this.#break(socket),
    };
    try {
      return await this.#connectTo(socket);
    } catch {
      throw new LineBroken(false);
    }
  }

  #take(chunk: Buffer): void {
    this.#received = Buffer.concat([this.#received, chunk]);
    const answer = wholeAnswer(this.#received);
    if (!answer) return;
    this.#received = Buffer.alloc(0);
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.resolve(answer);
  }

  #break(socket: Bun.Socket): void {
    if (this.#socket !== undefined && this.#socket !== socket) return;
    this.#socket = undefined;
    socket.terminate();
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.reject(new LineBroken(true));
  }
}

function textOf({ method, path, body }: LineRequest): string {
  const length = body === undefined ? "" : `Content-Length: ${Buffer.byteLength(body)}\r\n`;
  return `${method} ${path} HTTP/1.1\r\nHost: agent\r\n${length}\r\n${body ?? ""}`;
}

/**
 * Decodes the answer; returns undefined while it is incomplete.
 * @throws Error when the answer has no Content-Length
 */
function wholeAnswer(received: Buffer): LineAnswer | undefined {
  const headEnd = received.indexOf("\r\n\r\n");
  if (headEnd < 0) return undefined;
  const head = received.toString("latin1", 0, headEnd + 2);
  const length = /^content-length: (\d+)\r$/im.exec(head)?.[1];
  const bodyAt = headEnd + 4;
  if (received.length < bodyAt + Number(length)) return undefined;
  if (length === undefined) throw new Error(`an answer without a length: ${head}`);
  return {
    status: Number(head.slice(9, 12)),
    index: Number(/^x-consul-index: (\d+)\r$/im.exec(head)?.[1] ?? NaN),
    body: received.toString("utf8", bodyAt),
  };
}
