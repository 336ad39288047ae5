import type { BrokerConnection } from "../../../src/bus/broker-connection.ts";
import { sleep, type Clock } from "../../../src/lib/clock.ts";
import type { FakeRandom } from "../fake-random.ts";
import type { Mutation } from "./mutation.ts";

export type BrokerCondition = "up" | "slow" | "away" | "silent" | "breaking";

export interface Told {
  readonly key: string;
  /** The index of the change. */
  readonly revision: number;
  /** The new value; undefined when the key was deleted. */
  readonly value: string | undefined;
}

const flightMsMax: Readonly<Record<BrokerCondition, number>> = {
  ...{ up: 5, slow: 14_000, away: 5, silent: 5, breaking: 800 },
};

/** Duration of silence of a broker, in milliseconds: longer than any timeout of the publisher. */
const silentMs = 60_000;

interface Envelope {
  readonly payload: { readonly key: string; readonly revision: number; readonly value?: string };
}

/**
 * A message broker and the network to it. Messages of one connection arrive in order, up to the point where the
 * connection breaks; arrived messages may still be unacknowledged then.
 */
export class SimulatedBroker {
  condition: BrokerCondition = "up";
  onTold: (told: Told) => void = () => {};
  readonly #clock: Clock;
  readonly #random: FakeRandom;
  readonly #mutation: Mutation | undefined;
  readonly #connections = new Set<SimulatedConnection>();
  /** Number of calls of `breakAll`. */
  #breaks = 0;

  constructor(options: {
    readonly clock: Clock;
    readonly random: FakeRandom;
    readonly mutation: Mutation | undefined;
  }) {
    this.#clock = options.clock;
    this.#random = options.random;
    this.#mutation = options.mutation;
  }

  readonly connect = async (_broker: object, signal: AbortSignal): Promise<BrokerConnection> => {
    const breaks = this.#breaks;
    await sleep(this.#clock, this.#random.uniform() * flightMsMax[this.condition], signal);
    if (this.condition === "silent") await sleep(this.#clock, silentMs, signal);
    signal.throwIfAborted();
    if (this.condition === "away" || breaks !== this.#breaks) throw new Error("the connection was refused");
    const connection = new SimulatedConnection({
      clock: this.#clock,
      flightMs: () => this.#random.uniform() * flightMsMax[this.condition],
      breaks: () => this.condition === "breaking" && this.#random.uniform() < 0.2,
      swallows: () => this.#mutation === "the broker acknowledges a lost message" && this.#random.uniform() < 0.1,
      take: (bytes) => this.onTold(readMessage(bytes)),
      ended: (gone) => this.#connections.delete(gone),
    });
    this.#connections.add(connection);
    return connection;
  };

  breakAll(): void {
    this.#breaks += 1;
    for (const connection of [...this.#connections]) connection.break("the connection broke");
  }
}

interface ConnectionOptions {
  readonly clock: Clock;
  readonly flightMs: () => number;
  readonly breaks: () => boolean;
  /** A fault, to test the simulation: returns whether the broker acknowledges a message and drops it. */
  readonly swallows: () => boolean;
  readonly take: (bytes: Uint8Array) => void;
  readonly ended: (connection: SimulatedConnection) => void;
}

class SimulatedConnection implements BrokerConnection {
  readonly #options: ConnectionOptions;
  readonly #ended: PromiseWithResolvers<string> = Promise.withResolvers();
  #isOver = false;
  #arrivesMs = 0;

  constructor(options: ConnectionOptions) {
    this.#options = options;
  }

  get ended(): Promise<string> {
    return this.#ended.promise;
  }

  publish(_topic: string, bytes: Uint8Array): Promise<void> {
    const { clock, flightMs, breaks, swallows, take } = this.#options;
    this.#arrivesMs = Math.max(this.#arrivesMs, clock.monotonicMs() + flightMs());
    const acknowledged = Promise.withResolvers<void>();
    clock.schedule(this.#arrivesMs - clock.monotonicMs(), () => {
      if (this.#isOver) return;
      if (!swallows()) take(bytes);
      if (breaks()) return this.break("the broker has closed the connection");
      clock.schedule(flightMs(), () => {
        if (!this.#isOver) acknowledged.resolve();
      });
    });
    return acknowledged.promise;
  }

  break(reason: string): void {
    this.#isOver = true;
    this.#options.ended(this);
    this.#ended.resolve(reason);
  }

  async close(): Promise<void> {
    this.break("the connection was closed");
  }
}

function readMessage(bytes: Uint8Array): Told {
  const { payload } = JSON.parse(new TextDecoder().decode(bytes)) as Envelope;
  return { key: payload.key, revision: payload.revision, value: payload.value };
}
