import { nextTurn } from "../lib/next-turn.ts";

/*
 * What a client has not read of its answers stays in memory, and a client that reads nothing is cut off only when its
 * connection has been idle for two minutes. So large answers go out in pieces, as the client takes them, and each client
 * may have so many bytes of them on their way; the next waits for room, and is made only then:
 *
 *   answered at once:   12 MiB + 12 MiB + 40 MiB        waits: 1 MiB        of another client: at once
 *
 * An answer that is larger than all the room goes out when it is the only one.
 */

/** Smaller ones fit into the system's own buffers. */
const largeBytesMin = 64 * 1024;
const pieceBytes = 256 * 1024;
/** Of one client. */
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

  /** How many clients have any on their way, or wait. */
  get clients(): number {
    return this.#clients.size;
  }

  hasRoom(client: string, bytes: number): boolean {
    const under = this.#clients.get(client)?.bytes ?? 0;
    return under === 0 || under + bytes <= this.#roomBytes;
  }

  /** Resolves when there is room, or the client has gone. Who waits longer goes first. */
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

  /** The body, piece by piece; it counts until it is sent or the client has gone. */
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

  /** Of clients that go away together, none is let go on only to find that out. */
  #letGoSoon(client: string, holding: Holding): void {
    void nextTurn().then(() => this.#letGo(client, holding));
  }

  /** Left to itself the collector lets some hundred MiB of dead answers come together. */
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
      // By then its answer is on its way, if it still wants one, and perhaps there is room for another.
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
