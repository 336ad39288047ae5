import { sleep } from "../lib/clock.ts";
import { messageOf, OperatingError } from "../lib/errors.ts";
import type { BrokerConnection, ConnectBroker } from "./broker-connection.ts";
import { answerMsMax, Delivery, type DeliveryOptions } from "./delivery.ts";

export interface PublisherOptions extends DeliveryOptions {
  readonly connect: ConnectBroker;
}

/** How many messages may be under way at once. */
const underWayMax = 16;
const pauseMsMin = 1_000;
const pauseMsMax = 30_000;
/** Brokers end the connection at a message that is too large for them. After so many ends in a row it is left out. */
const endsMax = 10;

/**
 * Sends what the outbox has, for as long as it runs: connect, send until the connection ends, pause, and again. The
 * pause doubles up to half a minute, and begins anew after a connection that was of use: a message was acknowledged, or it
 * lasted.
 *
 * After an end at which nothing had been acknowledged messages go one at a time, so that it is known which one the
 * broker does not take.
 */
export class Publisher {
  readonly #options: PublisherOptions;
  #connection: BrokerConnection | undefined;
  #pauseMs = pauseMsMin;
  /** Why there is no connection, as the log says already. */
  #reason: string | undefined;
  /** How often in a row a broker has ended the connection and acknowledged nothing. */
  #fruitlessEnds = 0;

  constructor(options: PublisherOptions) {
    this.#options = options;
  }

  get isConnected(): boolean {
    return this.#connection !== undefined;
  }

  /** Resolves when `signal` has aborted and the connection is closed. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    while (!signal.aborted) {
      const reason = await this.#runOnce(signal);
      if (signal.aborted) return;
      this.#sayOnce(reason);
      const pauseMs = this.#pauseMs;
      this.#pauseMs = Math.min(2 * pauseMs, pauseMsMax);
      await sleep(clock, pauseMs, signal);
    }
  }

  /** Connects, and sends until the connection ends. Resolves with why it did. */
  async #runOnce(signal: AbortSignal): Promise<string> {
    const { outbox, clock, log } = this.#options;
    try {
      this.#connection = await this.#connect(signal);
    } catch (error) {
      return messageOf(error);
    }
    log.info("connected to the message bus");
    this.#reason = undefined;
    const startMs = clock.monotonicMs();
    const delivery = new Delivery(this.#connection, this.#options, this.#fruitlessEnds > 0 ? 1 : underWayMax);
    const { reason, isBrokers } = await delivery.run(signal);
    this.#connection = undefined;
    const wasOfUse = delivery.acknowledged > 0 || clock.monotonicMs() - startMs >= pauseMsMax;
    if (wasOfUse) this.#pauseMs = pauseMsMin;
    const isFruitless = delivery.acknowledged === 0 && isBrokers && outbox.underWay > 0;
    this.#fruitlessEnds = isFruitless ? this.#fruitlessEnds + 1 : 0;
    if (this.#fruitlessEnds === endsMax) this.#leaveOut();
    outbox.sendAgain();
    return reason;
  }

  async #connect(signal: AbortSignal): Promise<BrokerConnection> {
    const giveUp = new AbortController();
    const stop = (): void => giveUp.abort();
    signal.addEventListener("abort", stop, { once: true });
    const timer = this.#options.clock.schedule(answerMsMax, () => giveUp.abort(notAnswered()));
    try {
      return await this.#options.connect(giveUp.signal);
    } finally {
      timer.cancel();
      signal.removeEventListener("abort", stop);
    }
  }

  #leaveOut(): void {
    const { outbox, log, onLeftOut } = this.#options;
    const [change] = outbox.underWayChanges();
    if (change === undefined) return;
    this.#fruitlessEnds = 0;
    outbox.acknowledge(change);
    onLeftOut();
    const bytes = change.entry?.value.length;
    log.error("the broker ends the connection whenever it is told of this key; this change is left out", {
      key: change.key,
      bytes,
    });
  }

  #sayOnce(reason: string): void {
    if (reason === this.#reason) return;
    this.#reason = reason;
    this.#options.log.warn("not connected to the message bus; trying again", { reason });
  }
}

function notAnswered(): OperatingError {
  const message = `the broker takes connections and does not answer within ${answerMsMax / 1_000} s`;
  return new OperatingError("timeout", "broker-silent", message);
}
