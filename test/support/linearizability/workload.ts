import { sleep, systemClock, type Clock } from "../../../src/lib/clock.ts";
import { FakeRandom } from "../fake-random.ts";
import { CatalogTrial } from "./catalog-trial.ts";
import { brokenIndexLaws, type IndexSighting, type WriteTime } from "./index-laws.ts";
import { KvTrial } from "./kv-trial.ts";
import { type Line, LineBroken } from "./line.ts";
import type { Plan, Trial } from "./trial.ts";

export interface WorkloadOptions {
  readonly seed: number;
  readonly clients: number;
  /** Number of requests sent in all; the actual number differs by at most one for each client. */
  readonly operations: number;
  /** The clock of the clients; the system's clock by default. */
  readonly clock?: Clock;
  /** How long a client waits before it reconnects to an agent that was down, in milliseconds. */
  readonly reconnectMs?: number;
  /** Creates the trial with this number; by default every fifth trial uses a service, and the others a group of keys. */
  readonly trial?: (at: number) => Trial;
}

/**
 * Number of operations on one group of keys or one service. More would slow the checker, fewer would cause too little contention.
 */
const operationsOfATrial = 300;
/** Number of groups and services in use at a time: small, so that clients contend. */
const trialsAtATime = 16;
const everySo = 5;
const reconnectMsDefault = 5;

/**
 * Runs clients that send random operations to a few groups of keys and services at a time, then to the next few, and records the
 * history of their answers. The seed decides what each client sends, but not how requests interleave.
 */
export class Workload {
  readonly #openLine: () => Line;
  readonly #options: WorkloadOptions;
  readonly #trials: readonly Trial[];
  readonly #sightings: IndexSighting[] = [];
  readonly #writes = new Map<string, WriteTime>();
  #events = 0;
  #sent = 0;

  constructor(openLine: () => Line, options: WorkloadOptions) {
    this.#openLine = openLine;
    this.#options = options;
    const count = trialsAtATime + Math.ceil(options.operations / operationsOfATrial);
    this.#trials = Array.from({ length: count }, (_, at) => (options.trial ?? usualTrial)(at));
  }

  /** Returns the number of requests sent. */
  get sent(): number {
    return this.#sent;
  }

  /** Returns the number of operations in the history. */
  get operationCount(): number {
    return this.#trials.reduce((sum, trial) => sum + trial.operationCount, 0);
  }

  /** Runs all clients to their ends, then reads the keys and instances of every trial once more, and resolves. */
  async run(): Promise<void> {
    const { clients } = this.#options;
    await Promise.all(Array.from({ length: clients }, (_, client) => this.#runClient(client)));
    const line = this.#openLine();
    for (const trial of this.#trials) await this.#send(line, { client: clients, plan: trial.finalRead() });
    line.close();
  }

  /** Returns a text for each violation: first unexplained answers, the shortest history first, then broken laws of indexes. */
  violations(): readonly string[] {
    const orders = this.#trials.flatMap((trial) => {
      const violation = trial.violation();
      return violation ? [{ ...violation, text: `${trial.name}: ${violation.text}` }] : [];
    });
    const shortestFirst = orders.toSorted((a, b) => a.operationCount - b.operationCount);
    return [...shortestFirst.map(({ text }) => text), ...brokenIndexLaws(this.#sightings, this.#writes)];
  }

  async #runClient(client: number): Promise<void> {
    const random = new FakeRandom(this.#options.seed * 1_000 + client);
    const line = this.#openLine();
    for (let turn = 1; this.#sent < this.#options.operations; turn++) {
      const write = `${client}.${turn}`;
      await this.#send(line, { client, plan: this.#trialInUse(random).plan(random, write), write });
    }
    line.close();
  }

  #trialInUse(random: FakeRandom): Trial {
    const progress = this.#sent / this.#options.operations;
    const at = progress * (this.#trials.length - trialsAtATime) + random.uniform() * trialsAtATime;
    const trial = this.#trials[Math.min(Math.floor(at), this.#trials.length - 1)];
    if (!trial) throw new Error("a workload needs trials");
    return trial;
  }

  async #send(
    line: Line,
    { client, plan, write }: { readonly client: number; readonly plan: Plan; readonly write?: string },
  ): Promise<void> {
    const called = ++this.#events;
    const { clock = systemClock, reconnectMs = reconnectMsDefault } = this.#options;
    const calledMs = clock.monotonicMs();
    try {
      const answer = await line.send(plan.request);
      this.#sent++;
      const returned = ++this.#events;
      const rows = plan.record({ client, called, returned, answer });
      const { wait } = plan;
      const tookMs = clock.monotonicMs() - calledMs;
      const question = plan.question ?? "a transaction";
      this.#sightings.push({ question, called, returned, index: answer.index, rows, wait, tookMs });
      if (write !== undefined) this.#writes.set(write, { called, returned });
    } catch (error) {
      if (!(error instanceof LineBroken)) throw error;
      if (error.wasSent) {
        this.#sent++;
        plan.record({ client, called, returned: Infinity, answer: undefined });
        if (write !== undefined) this.#writes.set(write, { called, returned: Infinity });
      } else await sleep(clock, reconnectMs);
    }
  }
}

function usualTrial(at: number): Trial {
  return at % everySo === 0 ? new CatalogTrial(`linear-${at}`) : new KvTrial(`linear-${at}`);
}
