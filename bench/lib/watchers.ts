import { cc, ptr } from "bun:ffi";
import { join } from "node:path";

const { symbols: native } = cc({
  source: join(import.meta.dir, "watchers.c"),
  symbols: {
    watchers_open: { args: ["int", "int"], returns: "ptr" },
    watchers_close: { args: ["ptr"], returns: "void" },
    watchers_ask: { args: ["ptr", "int", "ptr"], returns: "int" },
    watchers_wake: { args: ["ptr", "ptr", "int"], returns: "void" },
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

/** Many connections, each of which waits for the answer to one request, in native code: see watchers.c. */
export class Watchers {
  readonly #all: NonNullable<ReturnType<typeof native.watchers_open>>;
  readonly #count: number;

  /** @throws Error if a connection cannot be opened */
  constructor(port: number, count: number) {
    const all = native.watchers_open(port, count);
    if (all === null) throw new Error(`${count} connections to port ${port} cannot be opened`);
    this.#all = all;
    this.#count = count;
  }

  /** Sends a GET request on each connection, with one path for all connections or with a path for each. */
  ask(path: string | ((watcher: number) => string)): void {
    for (let watcher = 0; watcher < this.#count; watcher++) {
      const asked = typeof path === "string" ? path : path(watcher);
      const sent = native.watchers_ask(this.#all, watcher, ptr(bytesOf({ method: "GET", path: asked })));
      if (sent !== 1) throw new Error(`the request of watcher ${watcher} cannot be sent`);
    }
  }

  /**
   * Sends a write, and waits in this thread until it and all watchers are answered.
   * @returns the milliseconds from the write to each watcher's answer
   * @throws Error if an answer is missing after `withinMs`, or its status is not 200
   */
  wake(write: WatcherRequest, withinMs: number): readonly number[] {
    native.watchers_wake(this.#all, ptr(bytesOf(write)), withinMs);
    const { waiting } = this;
    if (waiting > 0) throw new Error(`${waiting} watchers had no answer in ${withinMs} ms`);
    const written = this.#answerOf(this.#count);
    if (!/\r\n\r\ntrue\s*$/.test(written)) throw new Error(`${write.method} ${write.path}: ${written}`);
    return Array.from({ length: this.#count }, (_none, watcher) => native.watchers_answered_ms(this.#all, watcher));
  }

  /**
   * The number of watchers without a complete answer.
   * @throws Error when an answer's status is not 200, or a connection has ended
   */
  get waiting(): number {
    const waiting = native.watchers_waiting(this.#all);
    for (const answer of this.answers)
      if (answer !== "" && !answer.startsWith("HTTP/1.1 200")) throw new Error(`a watcher was answered ${answer}`);
    return waiting;
  }

  /** The answers of all watchers, as received so far: head and body. */
  get answers(): readonly string[] {
    return Array.from({ length: this.#count }, (_none, watcher) => this.#answerOf(watcher));
  }

  close(): void {
    native.watchers_close(this.#all);
  }

  #answerOf(watcher: number): string {
    return native.watchers_answer(this.#all, watcher)?.toString() ?? "";
  }
}

function bytesOf({ method, path, body }: WatcherRequest): Buffer {
  const length = body === undefined ? "" : `Content-Length: ${Buffer.byteLength(body)}\r\n`;
  return Buffer.from(`${method} ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n${length}\r\n${body ?? ""}\0`);
}
