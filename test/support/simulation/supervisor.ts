import { sleep } from "../../../src/lib/clock.ts";
import type { FakeClock } from "../fake-clock.ts";
import type { FakeRandom } from "../fake-random.ts";
import type { Findings } from "./findings.ts";
import type { History } from "./history.ts";
import type { Mutation } from "./mutation.ts";
import { type ProcessParts, SimulatedProcess } from "./simulated-process.ts";

export interface SupervisedWorld extends Omit<ProcessParts, "clock" | "random" | "mutation"> {
  readonly clock: FakeClock;
  readonly findings: Findings;
  readonly history: History;
  newRandom(): FakeRandom;
  /** Closes all connections of the agent. */
  breakAll(): void;
}

const againMs = 1_000;

/** Starts, stops and crashes the agent, and repeats a failed start after a second. */
export class Supervisor {
  readonly #world: SupervisedWorld;
  readonly #mutation: Mutation | undefined;
  #process: SimulatedProcess | undefined;
  starts = 0;

  constructor(world: SupervisedWorld, mutation: Mutation | undefined) {
    this.#world = world;
    this.#mutation = mutation;
  }

  get process(): SimulatedProcess | undefined {
    return this.#process;
  }

  start(): void {
    if (this.#process) return;
    const { clock, disk, services, broker, machine, history } = this.#world;
    history.add("start");
    this.starts += 1;
    const process = new SimulatedProcess({
      ...{ clock, disk, services, broker, machine },
      ...{ random: this.#world.newRandom(), mutation: this.#mutation },
    });
    this.#process = process;
    process.start().then(
      () => history.add("started"),
      (error: unknown) => void this.#startAgain(process, error),
    );
  }

  /** Stops the agent gracefully, and meanwhile leaves it answering requests. Crashes an agent that has not finished its start. */
  async stop(): Promise<void> {
    const process = this.#process;
    if (!process) return;
    if (process.readySinceMs === undefined) return this.crash();
    this.#world.history.add("stop");
    await process.stop();
    this.#world.breakAll();
    this.#expectNothingLeft(process);
    this.#process = undefined;
  }

  crash(): void {
    const process = this.#process;
    this.#world.history.add("crash");
    process?.crash();
    this.#process = undefined;
    this.#world.breakAll();
    this.#expectNoFaults(process);
  }

  async #startAgain(process: SimulatedProcess, error: unknown): Promise<void> {
    const { clock, history } = this.#world;
    if (this.#process !== process) return;
    history.add(`did not start: ${String(error)}`);
    this.#expectNothingLeft(process);
    this.#process = undefined;
    process.crash();
    await sleep(clock, againMs);
    this.start();
  }

  #expectNothingLeft(process: SimulatedProcess): void {
    const { timerCount } = process.clock;
    const broken = timerCount === 0 ? undefined : `${timerCount} timers`;
    this.#world.findings.expect("an agent that has ended holds no timer, connection or file", broken);
    this.#expectNoFaults(process);
  }

  #expectNoFaults(process: SimulatedProcess | undefined): void {
    this.#world.findings.expect("the agent reports no fault of its own", process?.faults[0]);
  }
}
