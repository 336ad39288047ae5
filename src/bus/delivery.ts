import type { Clock, Timer } from "../lib/clock.ts";
import type { Log } from "../lib/log.ts";
import { nextTurn } from "../lib/next-turn.ts";
import type { KeyChange } from "../registry/key-changes.ts";
import type { BrokerConnection } from "./broker-connection.ts";
import type { Outbox } from "./outbox.ts";

/** What is sent of a change. */
export interface Message {
  readonly topic: string;
  readonly bytes: Uint8Array;
}

export interface DeliveryOptions {
  readonly outbox: Outbox;
  /** undefined: no broker would take it. */
  readonly encode: (change: KeyChange) => Message | undefined;
  readonly clock: Clock;
  readonly log: Log;
  /** The broker has acknowledged a change. */
  readonly onPublished: () => void;
  /** A change is given up, and never told. */
  readonly onLeftOut: () => void;
}

/** Why a delivery has ended, and whether the broker did it or we. */
export interface DeliveryEnd {
  readonly reason: string;
  readonly isBrokers: boolean;
}

/** A broker that has not answered by then is given up. */
export const answerMsMax = 10_000;
/** How long the agent's stop waits for what is still to be told; the rest is told after the next start. */
const lastWordsMsMax = 1_000;

/** Sends what the outbox has over one connection, until that ends. Commits only wake it: the work is done in its own turn. */
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

  /** How many messages the broker has acknowledged. */
  get acknowledged(): number {
    return this.#acknowledged;
  }

  /** Resolves when the connection has ended or, soon after `signal` has aborted, was closed. */
  async run(signal: AbortSignal): Promise<DeliveryEnd> {
    const { outbox, clock } = this.#options;
    const stopped: DeliveryEnd = { reason: "the agent is stopping", isBrokers: false };
    let lastWords: Timer | undefined;
    const stop = (): void => {
      this.#isStopping = true;
      lastWords = clock.schedule(lastWordsMsMax, () => this.#end.resolve(stopped));
      this.#wake();
    };
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
    void this.#connection.ended.then((reason) => this.#end.resolve({ reason, isBrokers: true }));
    outbox.onAdded(() => this.#wake());
    this.#wake();
    const end = await this.#end.promise;
    this.#isOver = true;
    outbox.onAdded(() => {});
    signal.removeEventListener("abort", stop);
    lastWords?.cancel();
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
    if (this.#isStopping && outbox.size === 0) this.#end.resolve({ reason: "the agent is stopping", isBrokers: false });
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

  /** Each acknowledgement begins it anew. */
  #startDeadline(): Timer {
    const seconds = answerMsMax / 1_000;
    const reason = `the broker has acknowledged nothing for ${seconds} s`;
    return this.#options.clock.schedule(answerMsMax, () => this.#end.resolve({ reason, isBrokers: false }));
  }
}
