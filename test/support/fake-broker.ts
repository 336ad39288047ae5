import type { BrokerConnection } from "../../src/bus/broker-connection.ts";

export interface SentMessage {
  readonly topic: string;
  readonly bytes: Uint8Array;
  acknowledge(): void;
}

/** A message broker whose behaviour a test sets: whether it accepts connections, and when it acknowledges messages. */
export class FakeBroker {
  /** Every published message, in order. */
  readonly sent: SentMessage[] = [];
  /** The time of each connection attempt, as `now` returned it. */
  readonly attempts: number[] = [];
  /** The reaction to connection attempts: an error refuses them, "silence" leaves them unanswered, undefined accepts them. */
  answer: Error | "silence" | undefined;
  acknowledges = true;
  readonly #now: () => number;
  #end: ((reason: string) => void) | undefined;

  constructor(now: () => number = () => 0) {
    this.#now = now;
  }

  get topics(): readonly string[] {
    return this.sent.map(({ topic }) => topic);
  }

  get isConnected(): boolean {
    return this.#end !== undefined;
  }

  readonly connect = async (signal: AbortSignal): Promise<BrokerConnection> => {
    this.attempts.push(this.#now());
    if (this.answer === "silence") await aborted(signal);
    if (this.answer instanceof Error) throw this.answer;
    const ended = Promise.withResolvers<string>();
    this.#end = ended.resolve;
    return {
      publish: (topic, bytes) => this.#take(topic, bytes),
      ended: ended.promise,
      close: async () => this.drop("closed"),
    };
  };

  /** Ends the connection with this reason. */
  drop(reason: string): void {
    this.#end?.(reason);
    this.#end = undefined;
  }

  #take(topic: string, bytes: Uint8Array): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.sent.push({ topic, bytes, acknowledge: resolve });
    if (this.acknowledges) resolve();
    return promise;
  }
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}
