import { sleep } from "../../../src/lib/clock.ts";
import type { FakeClock } from "../fake-clock.ts";
import { FakeRandom } from "../fake-random.ts";
import type { Findings } from "./findings.ts";
import type { History } from "./history.ts";
import type { SimulatedDisk } from "./simulated-disk.ts";
import { SimulatedProcess } from "./simulated-process.ts";
import type { SimulatedServices } from "./simulated-services.ts";

export interface SupervisorParts {
  readonly clock: FakeClock;
  readonly seed: number;
  readonly disk: SimulatedDisk;
  readonly services: SimulatedServices;
  readonly findings: Findings;
  readonly history: History;
  /** All connections to the agent are gone. */
  readonly breakAll: () => void;
}

const againMs = 1_000;

/** Starts the agent, and starts it again when it has ended. */
export class Supervisor {
  readonly #parts: SupervisorParts;
  #process: SimulatedProcess | undefined;
  #streams = 0;
  starts = 0;

  constructor(parts: SupervisorParts) {
    this.#parts = parts;
  }

  get process(): SimulatedProcess | undefined {
    return this.#process;
  }

  /** Another row of numbers for each that asks. */
  newRandom(seed: number): FakeRandom {
    this.#streams += 1;
    return new FakeRandom(seed * 10_007 + this.#streams * 101);
  }

  start(): void {
    if (this.#process) return;
    const { clock, disk, services, history, seed } = this.#parts;
    history.add("start");
    this.starts += 1;
    const process = new SimulatedProcess({ clock, disk, services, random: this.newRandom(seed) });
    this.#process = process;
    process.start().then(
      () => history.add("started"),
      (error: unknown) => void this.#startAgain(process, error),
    );
  }

  /** Now or soon: until then it is on its way down, and answers what it can. */
  async stop(): Promise<void> {
    const process = this.#process;
    if (!process) return;
    if (process.readySinceMs === undefined) return this.crash();
    this.#parts.history.add("stop");
    await process.stop();
    this.#parts.breakAll();
    this.#expectNothingLeft(process);
    this.#process = undefined;
  }

  crash(): void {
    const process = this.#process;
    this.#parts.history.add("crash");
    process?.crash();
    this.#process = undefined;
    this.#parts.breakAll();
    this.#expectNoFaults(process);
  }

  async #startAgain(process: SimulatedProcess, error: unknown): Promise<void> {
    const { clock, history } = this.#parts;
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
    this.#parts.findings.expect("an agent that has ended has let go of everything", broken);
    this.#expectNoFaults(process);
  }

  #expectNoFaults(process: SimulatedProcess | undefined): void {
    this.#parts.findings.expect("the agent finds no fault in itself", process?.faults[0]);
  }
}
