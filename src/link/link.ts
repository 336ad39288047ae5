import type { Clock, Timer } from "../lib/clock.ts";
import { OperatingError } from "../lib/errors.ts";
import { encodeFrame, frameTypes, type Frame } from "./frames.ts";
import { errorOf, pack, packError, unpackAnswer, unpackCall } from "./message.ts";

/** The transport of a link: a socket or, in tests and simulations, a fake. */
export interface Pipe {
  /** Queues the bytes, which are sent in order as fast as the network takes them. */
  write(bytes: Uint8Array): void;
  close(): void;
}

/** A request to the other agent. */
export interface Call {
  /** The name of the operation that the other agent runs. */
  readonly kind: string;
  /** A value of plain objects, arrays, strings, numbers, bigints and bytes. */
  readonly head: unknown;
  /** Data of any length that follows the head. */
  readonly body?: ReadableStream<Uint8Array> | undefined;
}

export interface Answer {
  readonly head: unknown;
  readonly body?: ReadableStream<Uint8Array> | undefined;
}

export interface IncomingCall extends Call {
  /** Aborts when the caller cancels the call, or the link is lost. */
  readonly signal: AbortSignal;
}

/** Answers a call of the other agent. If this rejects with an OperatingError, that agent's call rejects with an equal one. */
export type Handler = (call: IncomingCall, link: Link) => Promise<Answer>;

export interface LinkOptions {
  /** Whether this agent made the connection. */
  readonly hasDialled: boolean;
  readonly handler: Handler;
  readonly clock: Clock;
}

/** Time between two pings, in milliseconds. A ping shows the peer that this agent is alive. */
export const pingMs = 1_000;
/** Time without bytes from the peer, in milliseconds, after which the link counts as lost. */
const silenceMsMax = 3_000;
/** Maximum number of bytes of a body that the sender sends before the receiver has read them. */
const windowBytes = 1024 * 1024;
const pieceBytesMax = 256 * 1024;

/**
 * A connection between two agents, over which each calls the other. Many calls are under way at a time, and a long body does not
 * delay other calls.
 *
 * Life cycle: connect.ts creates the link on a pipe after the greetings, and calls `take` for each frame that arrives and `lose`
 * when the pipe ends. When the link is lost, every call under way rejects with "link-lost": its caller does not know whether the
 * other agent has carried out the call.
 */
export class Link {
  readonly #pipe: Pipe;
  readonly #options: LinkOptions;
  readonly #lost = Promise.withResolvers<string>();
  /** Calls of this agent that have no answer yet. */
  readonly #calls = new Map<number, (answer: Answer | undefined, error?: unknown) => void>();
  /** Calls of the other agent that this agent still answers. */
  readonly #answering = new Map<number, AbortController>();
  readonly #incoming = new Map<number, IncomingBody>();
  readonly #outgoing = new Map<number, OutgoingBody>();
  #nextId: number;
  #isLost = false;
  #unsent: Uint8Array[] = [];
  #heardMs: number;
  #silentMsAtLoss: number | undefined;
  #pingDueMs = 0;
  #timer: Timer | undefined;

  constructor(pipe: Pipe, options: LinkOptions) {
    this.#pipe = pipe;
    this.#options = options;
    this.#nextId = options.hasDialled ? 1 : 2;
    this.#heardMs = options.clock.monotonicMs();
    this.#watchSilence();
  }

  /** Resolves with the reason when the link is lost or closed. */
  get lost(): Promise<string> {
    return this.#lost.promise;
  }

  get isLost(): boolean {
    return this.#isLost;
  }

  /**
   * Milliseconds since the other agent was last heard; once the link is lost, the milliseconds from then until the loss. 0 if
   * this process was stopped, because the other agent's frames may still be in the socket.
   */
  get silentMs(): number {
    if (this.#silentMsAtLoss !== undefined) return this.#silentMsAtLoss;
    return this.#wasStopped ? 0 : this.#options.clock.monotonicMs() - this.#heardMs;
  }

  /** Whether the timer of the pings is so late that this process has been stopped. */
  get #wasStopped(): boolean {
    return this.#options.clock.monotonicMs() - this.#pingDueMs > pingMs;
  }

  /**
   * Sends a call and resolves with its answer.
   * @throws the OperatingError of the other agent's handler; OperatingError unavailable "link-lost" when the link is lost before
   * the answer; the signal's reason when the signal aborts
   */
  call({ kind, head, body }: Call, signal?: AbortSignal): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (this.#isLost) return reject(linkLost());
      if (signal?.aborted) return reject(signal.reason);
      const id = this.#nextId;
      this.#nextId += 2;
      const cancel = (): void => {
        this.#calls.delete(id);
        this.#outgoing.get(id)?.cancel();
        this.#send(frameTypes.cancel, id);
        reject(signal?.reason);
      };
      signal?.addEventListener("abort", cancel, { once: true });
      this.#calls.set(id, (answer, error) => {
        // The call has its answer. The caller cancels the answer's body through the body's stream, not through the signal.
        signal?.removeEventListener("abort", cancel);
        this.#calls.delete(id);
        if (answer) resolve(answer);
        else reject(error);
      });
      this.#send(frameTypes.call, id, pack([kind, head, body !== undefined]));
      if (body) void this.#sendBody(id, body);
    });
  }

  /** Records that bytes have arrived, which show that the other agent is alive. */
  heard(): void {
    this.#heardMs = this.#options.clock.monotonicMs();
  }

  /** Closes the connection, so that the link is lost for both agents. */
  close(reason = "closed"): void {
    if (this.#isLost) return;
    this.#flush();
    this.lose(reason);
    this.#pipe.close();
  }

  /** Ends all calls and bodies, because the connection has ended. */
  lose(reason: string): void {
    if (this.#isLost) return;
    this.#silentMsAtLoss = this.silentMs;
    this.#isLost = true;
    this.#timer?.cancel();
    for (const settle of [...this.#calls.values()]) settle(undefined, linkLost());
    for (const answering of this.#answering.values()) answering.abort(linkLost());
    for (const body of this.#incoming.values()) body.fail(linkLost());
    for (const body of this.#outgoing.values()) body.cancel();
    this.#lost.resolve(reason);
  }

  #watchSilence(): void {
    const { clock } = this.#options;
    this.#pingDueMs = clock.monotonicMs() + pingMs;
    this.#timer = clock.schedule(pingMs, () => {
      if (this.#wasStopped) this.heard();
      if (this.silentMs > silenceMsMax) {
        this.close("the other agent was silent");
        return;
      }
      this.#send(frameTypes.ping, 0);
      this.#watchSilence();
    });
  }

  /** Handles a frame that arrived. @throws Error when the payload cannot be decoded */
  take({ type, id, payload }: Frame): void {
    switch (type) {
      case frameTypes.call:
        return void this.#answer(id, payload);
      case frameTypes.answer: {
        const { head, hasBody } = unpackAnswer(payload);
        return this.#calls.get(id)?.({ head, body: hasBody ? this.#openBody(id) : undefined });
      }
      case frameTypes.failure:
        return this.#calls.get(id)?.(undefined, errorOf(payload));
      case frameTypes.data:
        return this.#incoming.get(id)?.add(payload);
      case frameTypes.end:
        this.#incoming.get(id)?.end(payload.length > 0 ? errorOf(payload) : undefined);
        return void this.#incoming.delete(id);
      case frameTypes.cancel:
        this.#answering.get(id)?.abort(new DOMException("the caller cancelled the call", "AbortError"));
        return this.#outgoing.get(id)?.cancel();
      case frameTypes.credit:
        return this.#outgoing.get(id)?.allow(Buffer.from(payload).readUInt32BE(0));
      case frameTypes.ping:
        break;
    }
  }

  async #answer(id: number, payload: Uint8Array): Promise<void> {
    const { kind, head, hasBody } = unpackCall(payload);
    const answering = new AbortController();
    this.#answering.set(id, answering);
    try {
      const body = hasBody ? this.#openBody(id) : undefined;
      const answer = await this.#options.handler({ kind, head, body, signal: answering.signal }, this);
      this.#send(frameTypes.answer, id, pack([answer.head, answer.body !== undefined]));
      if (answer.body) await this.#sendBody(id, answer.body);
    } catch (error) {
      this.#send(frameTypes.failure, id, packError(error));
    } finally {
      this.#answering.delete(id);
      // If the handler has not read the call's body, the other agent must stop sending it.
      this.#incoming.get(id)?.drop();
    }
  }

  #openBody(id: number): ReadableStream<Uint8Array> {
    const body = new IncomingBody({
      allow: (bytes) => {
        const payload = Buffer.alloc(4);
        payload.writeUInt32BE(bytes, 0);
        this.#send(frameTypes.credit, id, payload);
      },
      cancel: () => {
        this.#incoming.delete(id);
        this.#send(frameTypes.cancel, id);
      },
    });
    this.#incoming.set(id, body);
    return body.stream;
  }

  async #sendBody(id: number, stream: ReadableStream<Uint8Array>): Promise<void> {
    const body = new OutgoingBody(stream);
    this.#outgoing.set(id, body);
    try {
      for await (const piece of body.pieces()) this.#send(frameTypes.data, id, piece);
      this.#send(frameTypes.end, id);
    } catch (error) {
      this.#send(frameTypes.end, id, packError(error));
    } finally {
      this.#outgoing.delete(id);
    }
  }

  #send(type: Frame["type"], id: number, payload?: Uint8Array): void {
    if (this.#isLost) return;
    // Frames of one turn of the event loop are sent together: a system call for each costs more than all else.
    if (this.#unsent.length === 0) setImmediate(() => this.#flush());
    this.#unsent.push(encodeFrame(type, id, payload));
  }

  #flush(): void {
    const [first] = this.#unsent;
    if (first && !this.#isLost) this.#pipe.write(this.#unsent.length === 1 ? first : Buffer.concat(this.#unsent));
    this.#unsent = [];
  }
}

/** A body that this agent receives. Gives the sender new credit as the stream's reader reads. */
class IncomingBody {
  readonly stream: ReadableStream<Uint8Array>;
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  /** Bytes that arrived since the last credit. */
  #arrived = 0;
  #isEnded = false;

  constructor({ allow, cancel }: { readonly allow: (bytes: number) => void; readonly cancel: () => void }) {
    this.stream = new ReadableStream<Uint8Array>(
      {
        start: (controller) => void (this.#controller = controller),
        pull: () => {
          // The stream calls `pull` when fewer than `windowBytes` of its bytes are unread.
          if (this.#arrived === 0 || this.#isEnded) return;
          allow(this.#arrived);
          this.#arrived = 0;
        },
        cancel: () => {
          if (!this.#isEnded) cancel();
          this.#isEnded = true;
        },
      },
      { highWaterMark: windowBytes, size: (piece) => piece?.length ?? 0 },
    );
  }

  add(piece: Uint8Array): void {
    if (this.#isEnded) return;
    this.#arrived += piece.length;
    this.#controller?.enqueue(piece);
  }

  end(error: unknown): void {
    if (error !== undefined) return this.fail(error);
    if (!this.#isEnded) this.#controller?.close();
    this.#isEnded = true;
  }

  fail(error: unknown): void {
    if (!this.#isEnded) this.#controller?.error(error);
    this.#isEnded = true;
  }

  /** Cancels the body if its stream has no reader, so that the other agent stops sending it. */
  drop(): void {
    if (!this.stream.locked && !this.#isEnded) void this.stream.cancel();
  }
}

/** The methods of a stream's reader that have the same types in Bun and in Node. */
interface PieceReader {
  read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>;
  cancel(): Promise<void>;
}

/** A body that this agent sends, at most `windowBytes` ahead of what the receiver has read. */
class OutgoingBody {
  readonly #reader: PieceReader;
  #credit = windowBytes;
  #isCancelled = false;
  #wake: (() => void) | undefined;

  constructor(stream: ReadableStream<Uint8Array>) {
    this.#reader = stream.getReader();
  }

  /** Yields the next piece whenever the receiver has room for it, and ends when the body ends or is cancelled. */
  async *pieces(): AsyncGenerator<Uint8Array> {
    for (;;) {
      const { done, value } = await this.#reader.read();
      if (done || value === undefined || this.#isCancelled) return;
      for (let at = 0; at < value.length; at += pieceBytesMax) {
        const piece = value.subarray(at, at + pieceBytesMax);
        while (this.#credit < piece.length && !this.#isCancelled)
          await new Promise<void>((wake) => void (this.#wake = wake));
        if (this.#isCancelled) return;
        this.#credit -= piece.length;
        yield piece;
      }
    }
  }

  allow(bytes: number): void {
    this.#credit += bytes;
    this.#wake?.();
  }

  cancel(): void {
    if (this.#isCancelled) return;
    this.#isCancelled = true;
    this.#wake?.();
    void this.#reader.cancel().catch(() => {});
  }
}

function linkLost(): OperatingError {
  return new OperatingError("unavailable", "link-lost", "the connection to the server was lost before it answered");
}
