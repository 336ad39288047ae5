/**
 * Many connections, each of which waits for the answer to one request. The time to receive the answers is part of both
 * contenders' figures, so receiving does little: it stores the bytes and the time of their arrival.
 */
export class Watchers {
  readonly #connections: readonly Connection[];

  private constructor(connections: readonly Connection[]) {
    this.#connections = connections;
  }

  static async connect(port: number, count: number): Promise<Watchers> {
    const connections: Connection[] = [];
    // Connections are opened in portions, because the queue of a listener holds only a few hundred.
    while (connections.length < count) {
      const portion = Math.min(100, count - connections.length);
      connections.push(...(await Promise.all(Array.from({ length: portion }, () => openConnection(port)))));
    }
    return new Watchers(connections);
  }

  /** Sends a GET request on each connection, with one path for all connections or with a path for each. */
  ask(path: string | ((watcher: number) => string)): void {
    for (const [watcher, connection] of this.#connections.entries()) {
      const asked = typeof path === "string" ? path : path(watcher);
      connection.chunks = [];
      connection.socket?.write(`GET ${asked} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`);
    }
  }

  /**
   * The number of watchers without a complete answer.
   * @throws Error when an answer's status is not 200, or a connection has ended
   */
  get waiting(): number {
    return this.#connections.filter((connection) => !isWhole(textOf(connection))).length;
  }

  /** The answers of all watchers, as received so far: head and body. */
  get answers(): readonly string[] {
    return this.#connections.map(textOf);
  }

  /** The time of the last part of each watcher's answer, in milliseconds of performance.now(). */
  get answeredAtMs(): readonly number[] {
    return this.#connections.map(({ lastAtMs }) => lastAtMs);
  }

  close(): void {
    for (const { socket } of this.#connections) socket?.terminate();
  }
}

interface Connection {
  socket: Bun.Socket<Connection> | undefined;
  chunks: Uint8Array[];
  lastAtMs: number;
  hasEnded: boolean;
}

const handlers: Bun.SocketHandler<Connection> = {
  data({ data: connection }, bytes) {
    connection.lastAtMs = performance.now();
    connection.chunks.push(bytes);
  },
  close({ data: connection }) {
    connection.hasEnded = true;
  },
};

async function openConnection(port: number): Promise<Connection> {
  const connection: Connection = { socket: undefined, chunks: [], lastAtMs: 0, hasEnded: false };
  connection.socket = await Bun.connect({ hostname: "127.0.0.1", port, socket: handlers, data: connection });
  return connection;
}

function textOf({ chunks, hasEnded }: Connection): string {
  const text = Buffer.concat(chunks).toString("latin1");
  if (hasEnded) throw new Error(`a watcher's connection was ended${text === "" ? "" : ` after ${text}`}`);
  return text;
}

function isWhole(response: string): boolean {
  const headEnd = response.indexOf("\r\n\r\n");
  if (headEnd === -1) return false;
  if (!response.startsWith("HTTP/1.1 200")) throw new Error(`a watcher was answered ${response}`);
  const length = /^content-length: (\d+)/im.exec(response.slice(0, headEnd))?.[1];
  return length === undefined ? response.endsWith("\r\n0\r\n\r\n") : response.length >= headEnd + 4 + Number(length);
}
