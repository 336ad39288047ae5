import { nextTurn } from "../lib/next-turn.ts";

/*
 * The part of an answer that a client has not read stays in memory, and a client that reads nothing is disconnected only after
 * two minutes. So the agent sends a large answer in pieces, as the client reads them, and limits each client to 64 MiB of
 * unfinished large answers. A further large answer waits until the limit allows it, and is rendered only then:
 *
 *   answered at once:   12 MiB + 12 MiB + 40 MiB        waits: 1 MiB more        1 MiB to another client: at once
 *
 * An answer larger than 64 MiB is sent when no other large answer to its client is unfinished.
 */

/** Minimum size of a large answer in bytes. Smaller answers fit into the system's socket buffers. */
const largeBytesMin = 64 * 1024;
const pieceBytes = 256 * 1024;
/** Maximum bytes of unfinished large answers to one client. */
const roomBytes = 64 * 1024 * 1024;

interface Waiting {
  readonly bytes: number;
  readonly go: () => void;
}

interface Holding {
  bytes: number;
  readonly waiting: Waiting[];
}

export function isLarge(body: { readonly length: number } | null): boolean {
  return body !== null && body.length >= largeBytesMin;
}

export class LargeAnswers {
  readonly #roomBytes: number;
  readonly #clients = new Map<string, Holding>();
  #droppedBytes = 0;

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
   * Resolves when the client's limit allows an answer of `bytes`, or when the client has disconnected. The waiting answers of a
   * client are admitted in the order in which they began to wait.
   */
  room(client: string, bytes: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted || this.hasRoom(client, bytes)) return Promise.resolve();
    this.#drop(bytes);
    const { waiting } = this.#of(client);
    return new Promise((resolve) => {
      const waiter: Waiting = { bytes, go: resolve };
      waiting.push(waiter);
      signal.addEventListener("abort", () => {
        const at = waiting.indexOf(waiter);
        if (at >= 0) waiting.splice(at, 1);
        resolve();
      });
    });
  }

  /** Streams a body. It counts towards the client's limit until it is sent or the client has disconnected. */
  body(client: string, bytes: Uint8Array<ArrayBuffer>, signal: AbortSignal): ReadableStream<Uint8Array<ArrayBuffer>> {
    const end = this.#begin(client, bytes.length);
    if (signal.aborted) end();
    else signal.addEventListener("abort", end, { once: true });
    let at = 0;
    return new ReadableStream({
      pull(controller) {
        const piece = bytes.subarray(at, at + pieceBytes);
        at += piece.length;
        if (piece.length > 0) controller.enqueue(piece);
        if (at < bytes.length) return;
        controller.close();
        end();
      },
      cancel: end,
    });
  }

  #begin(client: string, bytes: number): () => void {
    const holding = this.#of(client);
    holding.bytes += bytes;
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      holding.bytes -= bytes;
      this.#drop(bytes);
      this.#letGoSoon(client, holding);
    };
  }

  /**
   * Admits waiting answers in the next turn of the event loop, so that an answer whose client disconnects in this turn is not
   * admitted.
   */
  #letGoSoon(client: string, holding: Holding): void {
    void nextTurn().then(() => this.#letGo(client, holding));
  }

  /** Runs the garbage collector after each 64 MiB sent; otherwise hundreds of MiB of sent answers stay on the heap. */
  #drop(bytes: number): void {
    this.#droppedBytes += bytes;
    if (this.#droppedBytes < this.#roomBytes) return;
    this.#droppedBytes = 0;
    Bun.gc(true);
  }

  #letGo(client: string, holding: Holding): void {
    const [next] = holding.waiting;
    if (next !== undefined && this.hasRoom(client, next.bytes)) {
      holding.waiting.shift();
      next.go();
      // The admitted answer is under way by the next turn, when the limit may allow another.
      this.#letGoSoon(client, holding);
    }
    if (holding.bytes === 0 && holding.waiting.length === 0 && this.#clients.get(client) === holding)
      this.#clients.delete(client);
  }

  #of(client: string): Holding {
    const known = this.#clients.get(client);
    if (known !== undefined) return known;
    const holding: Holding = { bytes: 0, waiting: [] };
    this.#clients.set(client, holding);
    return holding;
  }
}
