import { sleep, type Clock } from "../../../src/lib/clock.ts";
import type { FakeRandom } from "../fake-random.ts";
import { type Line, type LineAnswer, LineBroken, type LineRequest } from "../linearizability/line.ts";
import type { SimulatedNetwork } from "./simulated-network.ts";

/** Error texts of a refused write, which has no effect, now or later. */
const refused =
  /the disk is full|the disk does not answer|the agent is stopping|has not confirmed an earlier change|too many concurrent connections/;
const unconfirmed = /the disk has not confirmed the write/;

/** Returns the answer unchanged. @throws LineBroken for an error by which the agent refuses a write or leaves its outcome open */
export function requireDone<Answer extends LineAnswer>(answer: Answer): Answer {
  if (answer.status < 400) return answer;
  if (unconfirmed.test(answer.body)) throw new LineBroken(true);
  if (refused.test(answer.body)) throw new LineBroken(false);
  return answer;
}

/** A client that waits for a while before each request. */
export class SimulatedLine implements Line {
  readonly #network: SimulatedNetwork;
  readonly #clock: Clock;
  readonly #random: FakeRandom;
  readonly #client: string;
  readonly #thinkMsMax: number;

  constructor(options: {
    readonly network: SimulatedNetwork;
    readonly clock: Clock;
    readonly random: FakeRandom;
    readonly client: string;
    readonly thinkMsMax: number;
  }) {
    this.#network = options.network;
    this.#clock = options.clock;
    this.#random = options.random;
    this.#client = options.client;
    this.#thinkMsMax = options.thinkMsMax;
  }

  async send(request: LineRequest): Promise<LineAnswer> {
    await sleep(this.#clock, this.#random.uniform() ** 2 * this.#thinkMsMax);
    const answer = await this.#network.send(this.#client, request);
    // A stopping agent answers held queries at once, and such an answer may be stale.
    if (answer.isEnding && request.method === "GET") throw new LineBroken(true);
    return requireDone(answer);
  }

  close(): void {}
}
