/** Many connections that each hold one request until the server answers; together they cost the client little. */
export class Watchers {
  readonly #connections: readonly Connection[];

  private constructor(connections: readonly Connection[]) {
    this.#connections = connections;
  }

  static async connect(port: number, count: number): Promise<Watchers> {
    const connections: Connection[] = [];
    // In portions: a listen queue is a few hundred long.
    while (connections.length < count) {
      const portion = Math.min(100, count - connections.length);
      connections.push(...(await Promise.all(Array.from({ length: portion }, () => Connection.open(port)))));
    }
    return new Watchers(connections);
  }

  /** Sends the request on each connection. The promise resolves when all are answered, with the time of each answer. */
  ask(path: string): Promise<readonly number[]> {
    return Promise.all(this.#connections.map((connection) => connection.ask(path)));
  }

  get waiting(): number {
    return this.#connections.filter((connection) => connection.isWaiting).length;
  }

  close(): void {
    for (const connection of this.#connections) connection.close();
  }
}

class Connection {
  #socket: Bun.Socket | undefined;
  #received = "";
  #answered: ((atMs: number) => void) | undefined;

  static async open(port: number): Promise<Connection> {
    const connection = new Connection();
    connection.#socket = await Bun.connect({
      hostname: "127.0.0.1",
      port,
      socket: { data: (_, bytes) => connection.#receive(bytes) },
    });
    return connection;
  }

  get isWaiting(): boolean {
    return this.#answered !== undefined;
  }

  ask(path: string): Promise<number> {
    return new Promise((resolve) => {
      this.#answered = resolve;
      this.#socket?.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`);
    });
  }

  close(): void {
    this.#socket?.terminate();
  }

  #receive(bytes: Uint8Array): void {
    this.#received += Buffer.from(bytes).toString("latin1");
    if (!isWhole(this.#received)) return;
    if (!this.#received.startsWith("HTTP/1.1 200")) throw new Error(`a watcher was answered ${this.#received}`);
    this.#received = "";
    const answered = this.#answered;
    this.#answered = undefined;
    answered?.(performance.now());
  }
}

function isWhole(response: string): boolean {
  const headEnd = response.indexOf("\r\n\r\n");
  if (headEnd === -1) return false;
  const length = /^content-length: (\d+)/im.exec(response.slice(0, headEnd))?.[1];
  return length === undefined ? response.endsWith("\r\n0\r\n\r\n") : response.length >= headEnd + 4 + Number(length);
}
