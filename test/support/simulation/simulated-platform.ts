import { FakeClock } from "../fake-clock.ts";
import { FakeRandom } from "../fake-random.ts";
import { Findings } from "./findings.ts";
import { History } from "./history.ts";
import type { Mutation } from "./mutation.ts";
import { type Plan, planOf } from "./plan.ts";
import { settleWholly } from "./platform.ts";
import { SimulatedBroker } from "./simulated-broker.ts";
import { SimulatedDisk } from "./simulated-disk.ts";
import { SimulatedMachine } from "./simulated-machine.ts";
import { ask, type NetworkAnswer, SimulatedNetwork } from "./simulated-network.ts";
import type { SimulatedProcess } from "./simulated-process.ts";
import { SimulatedServices } from "./simulated-services.ts";
import { Supervisor } from "./supervisor.ts";

export interface WorldOptions {
  readonly seed: number;
  /** Whether the wall clock starts in 1970 and jumps by years, in both directions. */
  readonly wallJumps: boolean;
  readonly mutation?: Mutation | undefined;
}

/** The client address of the simulation's own requests, which bypass the simulated network. */
const observer = "198.51.100.1";

/** One agent and its environment, on one clock and one seed. */
export class SimulatedPlatform {
  readonly seed: number;
  readonly plan: Plan;
  readonly clock: FakeClock;
  readonly findings: Findings;
  readonly history: History;
  readonly disk: SimulatedDisk;
  readonly services: SimulatedServices;
  readonly broker: SimulatedBroker;
  readonly machine: SimulatedMachine;
  readonly supervisor: Supervisor;
  readonly network: SimulatedNetwork;
  /** The last index that the current process of the agent returned for each query. */
  readonly #indexes = new Map<string, number>();
  /** Answers read in the current inspection. No time passes during an inspection, so one read of each path is enough. */
  #seen: Map<string, NetworkAnswer> | undefined;
  #streams = 0;

  constructor({ seed, wallJumps, mutation }: WorldOptions) {
    this.seed = seed;
    this.plan = planOf(seed);
    const clock = new FakeClock(wallJumps ? 0 : undefined, settleWholly);
    this.clock = clock;
    this.findings = new Findings(clock);
    this.history = new History(clock);
    this.disk = new SimulatedDisk({ clock, random: this.newRandom(), mutation });
    this.services = new SimulatedServices(this.newRandom());
    this.broker = new SimulatedBroker({ clock, random: this.newRandom(), mutation });
    this.machine = new SimulatedMachine({ clock, random: this.newRandom() });
    this.supervisor = new Supervisor(this, mutation);
    this.network = new SimulatedNetwork(this, { random: this.newRandom(), mutation });
  }

  /** Returns an independent sequence of random numbers; each caller gets another one. */
  newRandom(): FakeRandom {
    this.#streams += 1;
    return new FakeRandom(this.seed * 10_007 + this.#streams * 101);
  }

  /** Returns the agent if it can answer; undefined while it is down. */
  get process(): SimulatedProcess | undefined {
    return this.supervisor.process?.router && this.supervisor.process;
  }

  /** Runs an inspection of the agent, during which time stands still and nothing changes. */
  async look(task: () => Promise<void>): Promise<void> {
    this.#seen = new Map();
    await task();
    this.#seen = undefined;
  }

  /** Returns the agent's present answer to a query. Also checks the promise that the index of a query never decreases. */
  async peek(path: string): Promise<NetworkAnswer> {
    const answer = this.#seen?.get(path) ?? (await this.#ask(path));
    this.#seen?.set(path, answer);
    return answer;
  }

  async #ask(path: string): Promise<NetworkAnswer> {
    const { process } = this;
    if (!process) throw new Error("the agent is down: no check can read from it");
    const answer = await ask(process, observer, { request: { method: "GET", path } });
    const before = this.#indexes.get(path) ?? 0;
    const fell = `${path} fell from ${before} to ${answer.index}`;
    this.findings.expect("the index of a question never falls", answer.index < before ? fell : undefined);
    if (!Number.isNaN(answer.index)) this.#indexes.set(path, answer.index);
    return answer;
  }

  async peekJson<Shape>(path: string): Promise<Shape> {
    return JSON.parse((await this.peek(path)).body) as Shape;
  }

  /** Breaks the connections of all clients and of the broker. */
  breakAll(): void {
    this.network.breakAll();
    this.broker.breakAll();
  }
}
