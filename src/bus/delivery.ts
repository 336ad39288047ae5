import type { Clock, Timer } from "../lib/clock.ts";
import type { Log } from "../lib/log.ts";
import { nextTurn } from "../lib/next-turn.ts";
import type { KeyChange } from "../registry/key-changes.ts";
import type { BrokerConnection } from "./broker-connection.ts";
import type { Outbox } from "./outbox.ts";

/** The message that tells subscribers about one change of a key. */
export interface Message {
  readonly topic: string;
  readonly bytes: Uint8Array;
}

export interface DeliveryOptions {
  readonly outbox: Outbox;
  /** Returns the message for a change; undefined when no broker would accept it. */
  readonly encode: (change: KeyChange) => Message | undefined;
  readonly clock: Clock;
  readonly log: Log;
  /** Called when the broker has acknowledged a change. */
  readonly onPublished: () => void;
  /** Called when a change is dropped because no broker would accept its message. It is never published. */
  readonly onLeftOut: () => void;
}

/** The end of a delivery over one connection: its reason, and whether the broker closed the connection. */
export interface DeliveryEnd {
  readonly reason: string;
  readonly isBrokerClosed: boolean;
}

/** Milliseconds that a broker may take to accept a connection, and then to acknowledge the next message. */
export const answerMsMax = 10_000;
/** Milliseconds that a stopping agent waits for the outbox to empty. The agent publishes the rest after its next start. */
const flushMsMax = 1_000;

/**
 * Sends the changes of the outbox over one connection until the connection ends. A commit only wakes the delivery, which
 * sends in a later turn of the event loop, so no write of a key waits for the broker.
 */
export class Delivery {
  readonly #connection: BrokerConnection;
  readonly #options: DeliveryOptions;
  readonly #underWayMax: number;
  readonly #end: PromiseWithResolvers<DeliveryEnd> = Promise.withResolvers();
  #deadline: Timer | undefined;
  #isAwake = false;
  #isOver = false;
  #isStopping = false;
  #acknowledged = 0;

  constructor(connection: BrokerConnection, options: DeliveryOptions, underWayMax: number) {
    this.#connection = connection;
    this.#options = options;
    this.#underWayMax = underWayMax;
  }

  /** Number of messages that the broker has acknowledged. */
  get acknowledged(): number {
    return this.#acknowledged;
  }

  /**
   * Sends until the connection ends; resolves with the reason. When `signal` aborts, sends for up to a second more and closes the
   * connection.
   */
  async run(signal: AbortSignal): Promise<DeliveryEnd> {
    const { outbox, clock } = this.#options;
    const stopped: DeliveryEnd = { reason: "the agent is stopping", isBrokerClosed: false };
    let flushTimer: Timer | undefined;
    const stop = (): void => {
      this.#isStopping = true;
      flushTimer = clock.schedule(flushMsMax, () => this.#end.resolve(stopped));
      this.#wake();
    };
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
    void this.#connection.ended.then((reason) => this.#end.resolve({ reason, isBrokerClosed: true }));
    outbox.onAdded(() => this.#wake());
    this.#wake();
    const end = await this.#end.promise;
    this.#isOver = true;
    outbox.onAdded(() => {});
    signal.removeEventListener("abort", stop);
    flushTimer?.cancel();
    this.#deadline?.cancel();
    await this.#connection.close();
    return end;
  }

  #wake(): void {
    if (this.#isAwake) return;
    this.#isAwake = true;
    void nextTurn().then(() => {
      this.#isAwake = false;
      if (!this.#isOver) this.#sendAll();
    });
  }

  #sendAll(): void {
    const { outbox } = this.#options;
    while (outbox.underWay < this.#underWayMax) {
      const change = outbox.send();
      if (change === undefined) break;
      this.#send(change);
    }
    if (this.#isStopping && outbox.size === 0)
      this.#end.resolve({ reason: "the agent is stopping", isBrokerClosed: false });
  }

  #send(change: KeyChange): void {
    const { outbox, encode, onLeftOut } = this.#options;
    const message = encode(change);
    if (message === undefined) {
      outbox.acknowledge(change);
      onLeftOut();
      return;
    }
    this.#deadline ??= this.#startDeadline();
    void this.#connection.publish(message.topic, message.bytes).then(() => this.#acknowledge(change));
  }

  #acknowledge(change: KeyChange): void {
    const { outbox, onPublished } = this.#options;
    if (this.#isOver) return;
    this.#acknowledged += 1;
    outbox.acknowledge(change);
    onPublished();
    this.#deadline?.cancel();
    this.#deadline = outbox.underWay > 0 ? this.#startDeadline() : undefined;
    this.#wake();
  }

  /** Starts the timer that ends a connection without acknowledgements; each acknowledgement restarts the timer. */
  #startDeadline(): Timer {
    const seconds = answerMsMax / 1_000;
    const reason = `the broker has acknowledged nothing for ${seconds} s`;
    return this.#options.clock.schedule(answerMsMax, () => this.#end.resolve({ reason, isBrokerClosed: false }));
  }
}
