import { sleep } from "../lib/clock.ts";
import { messageOf, OperatingError } from "../lib/errors.ts";
import type { BrokerConnection, ConnectBroker } from "./broker-connection.ts";
import { answerMsMax, Delivery, type DeliveryOptions } from "./delivery.ts";

export interface PublisherOptions extends DeliveryOptions {
  readonly connect: ConnectBroker;
}

/** Maximum number of unacknowledged messages. */
const underWayMax = 16;
const pauseMsMin = 1_000;
const pauseMsMax = 30_000;
/**
 * The publisher drops its oldest message after this many connections in a row that the broker closed without an acknowledgement:
 * a broker closes the connection at a message that is too long.
 */
const closesMax = 10;

/**
 * Publishes the changes of the outbox: connects, sends until the connection ends, pauses, and connects again. The pause
 * doubles up to half a minute. A connection on which a message was acknowledged, or that lasted half a minute, resets the pause
 * to a second.
 *
 * When the broker closes a connection without acknowledging any message, the publisher sends the next messages one at a
 * time, to find the one that the broker does not accept.
 */
export class Publisher {
  readonly #options: PublisherOptions;
  #connection: BrokerConnection | undefined;
  #pauseMs = pauseMsMin;
  /** The last logged reason why the broker is unavailable; undefined after a connection. */
  #loggedReason: string | undefined;
  /** Number of connections in a row that the broker closed without an acknowledgement. */
  #closesInARow = 0;

  constructor(options: PublisherOptions) {
    this.#options = options;
  }

  get isConnected(): boolean {
    return this.#connection !== undefined;
  }

  /** Publishes the changes of the outbox until `signal` aborts. Resolves when the last connection is closed. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    while (!signal.aborted) {
      const reason = await this.#runOnce(signal);
      if (signal.aborted) return;
      this.#warnOnce(reason);
      const pauseMs = this.#pauseMs;
      this.#pauseMs = Math.min(2 * pauseMs, pauseMsMax);
      await sleep(clock, pauseMs, signal);
    }
  }

  /** Connects, and sends until the connection ends. Resolves with the reason for the end. */
  async #runOnce(signal: AbortSignal): Promise<string> {
    const { outbox, clock, log } = this.#options;
    try {
      this.#connection = await this.#connect(signal);
    } catch (error) {
      return messageOf(error);
    }
    log.info("connected to the message bus");
    this.#loggedReason = undefined;
    const startMs = clock.monotonicMs();
    const delivery = new Delivery(this.#connection, this.#options, this.#closesInARow > 0 ? 1 : underWayMax);
    const { reason, isBrokerClosed } = await delivery.run(signal);
    this.#connection = undefined;
    const isHealthy = delivery.acknowledged > 0 || clock.monotonicMs() - startMs >= pauseMsMax;
    if (isHealthy) this.#pauseMs = pauseMsMin;
    const isRefusal = delivery.acknowledged === 0 && isBrokerClosed && outbox.underWay > 0;
    this.#closesInARow = isRefusal ? this.#closesInARow + 1 : 0;
    if (this.#closesInARow === closesMax) this.#leaveOut();
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
    this.#closesInARow = 0;
    outbox.acknowledge(change);
    onLeftOut();
    const bytes = change.entry?.value.length;
    log.error("left out a change: the broker closes the connection whenever it is published", {
      key: change.key,
      bytes,
    });
  }

  #warnOnce(reason: string): void {
    if (reason === this.#loggedReason) return;
    this.#loggedReason = reason;
    this.#options.log.warn("not connected to the message bus; trying again", { reason });
  }
}

function notAnswered(): OperatingError {
  const message = `the broker accepts connections but does not answer within ${answerMsMax / 1_000} s`;
  return new OperatingError("timeout", "broker-silent", message);
}
