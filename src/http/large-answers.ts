import { nextTurn } from "../lib/next-turn.ts";

/*
 * The part of an answer that a client has not read stays in memory, and a client that reads nothing is disconnected only after
 * two minutes. So the agent sends a large answer in pieces, as the client reads them, and limits each client to 64 MiB of
 * unfinished large answers. A further large answer waits until the limit allows it, and is rendered only then:
 *
 *   answered at once:   12 MiB + 12 MiB + 40 MiB        waits: 1 MiB more        1 MiB to another client: at once
 *
 * An answer larger than 64 MiB is sent when no other large answer to its client is unfinished.
 *
 * Rendering takes about 10 ms for each MiB, during which the agent answers nothing else. So one turn of the event loop renders
 * at most 1 MiB of large answers, or one larger answer; the others wait for later turns, between which small reads are answered.
 */

/** Minimum size of a large answer in bytes. Smaller answers fit into the system's socket buffers. */
const largeBytesMin = 64 * 1024;
/** Maximum bytes of unfinished large answers to one client. */
const roomBytes = 64 * 1024 * 1024;
/** Maximum bytes of large answers rendered in one turn of the event loop, except that one answer may be larger. */
const turnBytesMax = 1024 * 1024;

type Bytes = Uint8Array<ArrayBuffer>;

interface Waiting {
  readonly bytes: number;
  readonly go: () => void;
}

interface Holding {
  bytes: number;
  readonly waiting: Waiting[];
}

export function isLarge(body: { readonly length: number } | null): boolean {
  return body !== null && isLargeSize(body.length);
}

export function isLargeSize(bytes: number): boolean {
  return bytes >= largeBytesMin;
}

export class LargeAnswers {
  readonly #roomBytes: number;
  readonly #clients = new Map<string, Holding>();
  #droppedBytes = 0;
  /** Bytes of the large answers begun in this turn of the event loop. */
  #turnBytes = 0;
  #isPassing = false;

  constructor(bytes: number = roomBytes) {
    this.#roomBytes = bytes;
  }

  /** The number of clients that have large answers under way or waiting. */
  get clients(): number {
    return this.#clients.size;
  }

  hasRoom(client: string, bytes: number): boolean {
    const under = this.#clients.get(client)?.bytes ?? 0;
    return under === 0 || under + bytes <= this.#roomBytes;
  }

  /**
   * Returns undefined if an answer of at least `bytes` may be rendered now, and counts it towards the limit of this turn. Otherwise
   * returns a promise that resolves when the caller may ask again, or when the client has disconnected.
   */
  mayRender(client: string, bytes: number, signal: AbortSignal): Promise<void> | undefined {
    if (signal.aborted) return undefined;
    const fits = this.#turnBytes === 0 || this.#turnBytes + bytes <= turnBytesMax;
    if (!fits || !this.hasRoom(client, bytes)) return this.#wait(client, bytes, signal);
    this.#turnBytes += bytes;
    this.#passSoon();
    return undefined;
  }

  /**
   * Counts an answer that is being rendered over several turns towards its client's limit. Returns the function that ends this when
   * the answer is rendered, right before `body` counts it.
   */
  reserve(client: string, bytes: number): () => void {
    const holding = this.#of(client);
    holding.bytes += bytes;
    return () => {
      holding.bytes -= bytes;
      this.#passSoon();
    };
  }

  /**
   * Resolves when the client's limit allows an answer of `bytes`, which was rendered and is dropped, or when the client has
   * disconnected.
   */
  room(client: string, bytes: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted || this.hasRoom(client, bytes)) return Promise.resolve();
    this.#drop(bytes);
    return this.#wait(client, bytes, signal);
  }

  /** The waiting answers of a client are admitted in the order in which they began to wait. */
  #wait(client: string, bytes: number, signal: AbortSignal): Promise<void> {
    const { waiting } = this.#of(client);
    return new Promise((resolve) => {
      const waiter: Waiting = { bytes, go: resolve };
      waiting.push(waiter);
      signal.addEventListener("abort", () => {
        const at = waiting.indexOf(waiter);
        if (at >= 0) waiting.splice(at, 1);
        resolve();
        this.#passSoon();
      });
    });
  }

  /**
   * Streams a body. It counts towards the client's limit until it is sent or the client has disconnected.
   * @param pieces the body in pieces, which are taken as the client reads them
   * @param size the body's size before it is compressed, which counts
   */
  body(
    client: string,
    pieces: Iterable<Bytes> | AsyncIterable<Bytes>,
    { size, signal }: { readonly size: number; readonly signal: AbortSignal },
  ): ReadableStream<Bytes> {
    const end = this.#begin(client, size);
    if (signal.aborted) end();
    else signal.addEventListener("abort", end, { once: true });
    const rest = Symbol.asyncIterator in pieces ? pieces[Symbol.asyncIterator]() : pieces[Symbol.iterator]();
    return new ReadableStream({
      async pull(controller) {
        const piece = await rest.next();
        if (piece.done !== true) return controller.enqueue(piece.value);
        controller.close();
        end();
      },
      async cancel() {
        end();
        await rest.return?.();
      },
    });
  }

  #begin(client: string, bytes: number): () => void {
    const release = this.reserve(client, bytes);
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      this.#drop(bytes);
      release();
    };
  }

  /**
   * Admits waiting answers in the next turn of the event loop, so that an answer whose client disconnects in this turn is not
   * admitted.
   */
  #passSoon(): void {
    if (this.#isPassing) return;
    this.#isPassing = true;
    void nextTurn().then(() => this.#pass());
  }

  /** Runs the garbage collector after each 64 MiB sent; otherwise hundreds of MiB of sent answers stay on the heap. */
  #drop(bytes: number): void {
    this.#droppedBytes += bytes;
    if (this.#droppedBytes < this.#roomBytes) return;
    this.#droppedBytes = 0;
    Bun.gc(true);
  }

  /** Admits one waiting answer, of the client that has not had one for the longest time. */
  #pass(): void {
    this.#isPassing = false;
    this.#turnBytes = 0;
    for (const [client, holding] of this.#clients) {
      const [next] = holding.waiting;
      if (next === undefined) {
        if (holding.bytes === 0) this.#clients.delete(client);
      } else if (this.hasRoom(client, next.bytes)) {
        holding.waiting.shift();
        this.#clients.delete(client);
        this.#clients.set(client, holding);
        next.go();
        // The admitted answer is under way by the next turn, when another may be admitted.
        return this.#passSoon();
      }
    }
  }

  #of(client: string): Holding {
    const known = this.#clients.get(client);
    if (known !== undefined) return known;
    const holding: Holding = { bytes: 0, waiting: [] };
    this.#clients.set(client, holding);
    return holding;
  }
}
