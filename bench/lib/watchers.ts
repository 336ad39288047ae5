import { cc, ptr } from "bun:ffi";
import { join } from "node:path";

const { symbols: native } = cc({
  source: join(import.meta.dir, "watchers.c"),
  symbols: {
    watchers_open: { args: ["int", "int", "int"], returns: "ptr" },
    watchers_close: { args: ["ptr"], returns: "void" },
    watchers_ask: { args: ["ptr", "int", "ptr", "int"], returns: "int" },
    watchers_wake: { args: ["ptr", "ptr", "int", "int"], returns: "void" },
    watchers_waiting: { args: ["ptr"], returns: "int" },
    watchers_answer: { args: ["ptr", "int"], returns: "cstring" },
    watchers_answered_ms: { args: ["ptr", "int"], returns: "f64" },
  },
});

/** A request as a client sends it. */
export interface WatcherRequest {
  readonly method: "GET" | "PUT";
  readonly path: string;
  readonly body?: string;
}

/** Many connections in native code, and one that writes: see watchers.c. The octets on them are those of a protocol. */
export class WatcherConnections {
  readonly #all: NonNullable<ReturnType<typeof native.watchers_open>>;
  readonly #count: number;

  /** @throws Error if a connection cannot be opened */
  constructor(port: number, count: number, protocol: "HTTP/1.1" | "HTTP/2") {
    const all = native.watchers_open(port, count, protocol === "HTTP/2" ? 1 : 0);
    if (all === null) throw new Error(`${count} connections to port ${port} cannot be opened`);
    this.#all = all;
    this.#count = count;
  }

  /** Sends a request on each watcher's connection, whose last answer is forgotten. An empty one only forgets the answer. */
  ask(requestOf: (watcher: number) => Uint8Array): void {
    for (let watcher = 0; watcher < this.#count; watcher++) {
      const request = requestOf(watcher);
      const sent = native.watchers_ask(this.#all, watcher, pointerTo(request), request.length);
      if (sent !== 1) throw new Error(`the request of watcher ${watcher} cannot be sent`);
    }
  }

  /**
   * Sends a write, and waits in this thread until it and all watchers have an answer.
   * @returns the milliseconds from the write to each watcher's answer
   * @throws Error if an answer is missing after `withinMs`
   */
  wake(write: Uint8Array, withinMs: number): readonly number[] {
    native.watchers_wake(this.#all, pointerTo(write), write.length, withinMs);
    const { waiting } = this;
    if (waiting > 0) throw new Error(`${waiting} watchers had no answer in ${withinMs} ms`);
    return Array.from({ length: this.#count }, (_none, watcher) => native.watchers_answered_ms(this.#all, watcher));
  }

  /** The number of watchers without a complete answer. */
  get waiting(): number {
    return native.watchers_waiting(this.#all);
  }

  /** The answers of all watchers and, last, that to the write, as received so far, as texts. */
  get texts(): readonly string[] {
    return Array.from(
      { length: this.#count + 1 },
      (_none, watcher) => native.watchers_answer(this.#all, watcher)?.toString() ?? "",
    );
  }

  close(): void {
    native.watchers_close(this.#all);
  }
}

function pointerTo(bytes: Uint8Array): ReturnType<typeof ptr> | null {
  return bytes.length === 0 ? null : ptr(bytes);
}

/** Many connections, each of which waits for the answer to one blocking query. */
export class Watchers {
  readonly #connections: WatcherConnections;

  /** @throws Error if a connection cannot be opened */
  constructor(port: number, count: number) {
    this.#connections = new WatcherConnections(port, count, "HTTP/1.1");
  }

  /** Sends a GET request on each connection, with one path for all connections or with a path for each. */
  ask(path: string | ((watcher: number) => string)): void {
    const pathOf = typeof path === "string" ? () => path : path;
    this.#connections.ask((watcher) => bytesOf({ method: "GET", path: pathOf(watcher) }));
  }

  /**
   * Sends a write, and waits in this thread until it and all watchers are answered.
   * @returns the milliseconds from the write to each watcher's answer
   * @throws Error if an answer is missing after `withinMs`, or its status is not 200
   */
  wake(write: WatcherRequest, withinMs: number): readonly number[] {
    const times = this.#connections.wake(bytesOf(write), withinMs);
    this.#expectSuccess();
    const written = this.#connections.texts.at(-1) ?? "";
    if (!/\r\n\r\ntrue\s*$/.test(written)) throw new Error(`${write.method} ${write.path}: ${written}`);
    return times;
  }

  /**
   * The number of watchers without a complete answer.
   * @throws Error when an answer's status is not 200, or a connection has ended
   */
  get waiting(): number {
    const { waiting } = this.#connections;
    this.#expectSuccess();
    return waiting;
  }

  /** The answers of all watchers, as received so far: head and body. */
  get answers(): readonly string[] {
    return this.#connections.texts.slice(0, -1);
  }

  close(): void {
    this.#connections.close();
  }

  #expectSuccess(): void {
    for (const answer of this.answers)
      if (answer !== "" && !answer.startsWith("HTTP/1.1 200")) throw new Error(`a watcher was answered ${answer}`);
  }
}

function bytesOf({ method, path, body }: WatcherRequest): Uint8Array {
  const length = body === undefined ? "" : `Content-Length: ${Buffer.byteLength(body)}\r\n`;
  return Buffer.from(`${method} ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n${length}\r\n${body ?? ""}`);
}
