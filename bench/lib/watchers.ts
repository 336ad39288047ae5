/**
 * Many connections that each hold one request until the server answers. Their work for an answer is part of the
 * measurement, for both contenders, so it is minimal: they keep the bytes and the time.
 */
export class Watchers {
  readonly #connections: readonly Connection[];

  private constructor(connections: readonly Connection[]) {
    this.#connections = connections;
  }

  static async connect(port: number, count: number): Promise<Watchers> {
    const connections: Connection[] = [];
    // Opens the connections in portions, because a listen queue has a few hundred places.
    while (connections.length < count) {
      const portion = Math.min(100, count - connections.length);
      connections.push(...(await Promise.all(Array.from({ length: portion }, () => openConnection(port)))));
    }
    return new Watchers(connections);
  }

  /** Sends a request on each connection: the same path for all, or one for each. */
  ask(path: string | ((watcher: number) => string)): void {
    for (const [watcher, connection] of this.#connections.entries()) {
      const asked = typeof path === "string" ? path : path(watcher);
      connection.chunks = [];
      connection.socket?.write(`GET ${asked} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`);
    }
  }

  /**
   * Returns how many watchers have no complete answer yet.
   * @throws Error when an answer's status is not 200, or a connection has ended
   */
  get waiting(): number {
    return this.#connections.filter((connection) => !isWhole(textOf(connection))).length;
  }

  /** Returns the answers, as received. */
  get answers(): readonly string[] {
    return this.#connections.map(textOf);
  }

  /** Returns the time at which each answer was complete; every watcher must have its answer. */
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
