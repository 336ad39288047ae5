import { sleep, type Clock } from "../../../src/lib/clock.ts";
import type { ListenerProbe } from "../../../src/ports/listener-probe.ts";
import type { Machine } from "../../../src/ports/machine.ts";
import type { FakeRandom } from "../fake-random.ts";

const probeMsMax = 300;
const callMsMax = 4_000;

/**
 * The machine whose ports the agent assigns. Another program listens at one port in ten. Services accept about half of
 * the requests by which the agent notifies them.
 */
export class SimulatedMachine implements Machine {
  readonly #clock: Clock;
  readonly #random: FakeRandom;

  constructor(options: { readonly clock: Clock; readonly random: FakeRandom }) {
    this.#clock = options.clock;
    this.#random = options.random;
  }

  names = (): readonly string[] => ["gateway", "192.0.2.1"];

  openProbe = (): ListenerProbe => {
    return async ({ port }) => {
      // A probe usually ends at once. Behind a firewall that drops packets, it takes longer.
      await sleep(this.#clock, this.#random.uniform() ** 3 * probeMsMax);
      return isForeign(port);
    };
  };

  canListen = (port: number): boolean => !isForeign(port);

  fetch = async (_url: string, { signal }: RequestInit): Promise<Response> => {
    const isTaken = this.#random.uniform() < 0.5;
    await sleep(this.#clock, this.#random.uniform() ** 3 * callMsMax, signal ?? undefined);
    signal?.throwIfAborted();
    if (!isTaken) throw new Error("the connection was refused");
    return new Response();
  };
}

function isForeign(port: number): boolean {
  return port % 10 === 3;
}
