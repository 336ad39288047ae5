import { FakeClock } from "../fake-clock.ts";
import { FakeRandom } from "../fake-random.ts";
import { Workload } from "../linearizability/workload.ts";
import { settle } from "../settle.ts";
import { jumpWallClock, runDisasters, troubleServices } from "./disasters.ts";
import { Findings } from "./findings.ts";
import { History } from "./history.ts";
import { LockHolder } from "./lock-holder.ts";
import { Observer } from "./observer.ts";
import { PeaceTalks } from "./peace.ts";
import { Registrar } from "./registrar.ts";
import { SessionLedger } from "./session-ledger.ts";
import { type DiskFault, SimulatedDisk } from "./simulated-disk.ts";
import { SimulatedLine } from "./simulated-line.ts";
import { fairWeather, SimulatedNetwork } from "./simulated-network.ts";
import { SimulatedServices } from "./simulated-services.ts";
import { Supervisor } from "./supervisor.ts";
import { Watcher } from "./watcher.ts";
import { busyQuestions, forgottenQuestions, quietQuestions } from "./questions.ts";

export interface SimulationOptions {
  readonly seed: number;
  /** Whether the wall clock starts in 1970 and jumps by years, in both directions. */
  readonly wallJumps: boolean;
  /** For trials of the simulation itself. */
  readonly diskFault?: DiskFault | undefined;
}

export interface SimulationResult {
  /** Of all that was answered, and when: the same for the same seed. */
  readonly hash: string;
  readonly findings: readonly string[];
  /** How often something was held to each promise. */
  readonly looks: ReadonlyMap<string, number>;
  readonly answers: number;
  readonly starts: number;
  readonly simulatedMs: number;
  readonly lastLines: readonly string[];
}

const troubleMs = 120_000;
/** Two rounds of anti-entropy, and two lives of each session and check with a time to live. */
const quietMs = 130_000;
/** More than a round of anti-entropy, which would hide what the catalog was not told. */
const unsteadyMs = 100_000;

/**
 * One agent, its clients, its disk, its network and what it checks, on one clock. All that happens follows from the seed:
 * trouble of all kinds for two minutes, then peace, in which everything must come to agree.
 */
export async function simulate(options: SimulationOptions): Promise<SimulationResult> {
  const simulation = new Simulation(options);
  return simulation.run();
}

class Simulation {
  readonly #options: SimulationOptions;
  readonly #clock: FakeClock;
  readonly #pace: FakeRandom;
  readonly #findings: Findings;
  readonly #history: History;
  readonly #disk: SimulatedDisk;
  readonly #services: SimulatedServices;
  readonly #supervisor: Supervisor;
  readonly #network: SimulatedNetwork;
  readonly #ledger: SessionLedger;
  readonly #observer: Observer;
  readonly #watchers: readonly Watcher[];

  constructor(options: SimulationOptions) {
    const { seed, wallJumps, diskFault } = options;
    this.#options = options;
    const clock = new FakeClock(wallJumps ? 0 : undefined);
    const randomOf = (stream: number): FakeRandom => new FakeRandom(seed * 10_007 + stream);
    this.#clock = clock;
    this.#pace = randomOf(1);
    this.#findings = new Findings(clock);
    this.#history = new History(clock);
    this.#disk = new SimulatedDisk({ clock, random: randomOf(2), fault: diskFault });
    this.#services = new SimulatedServices(randomOf(3));
    const shared = { clock, seed, disk: this.#disk, services: this.#services, findings: this.#findings };
    this.#supervisor = new Supervisor({ ...shared, history: this.#history, breakAll: () => this.#network.breakAll() });
    const process = (): Supervisor["process"] => this.#supervisor.process;
    this.#network = new SimulatedNetwork({ clock, random: randomOf(4), history: this.#history, process });
    this.#ledger = new SessionLedger(this.#findings);
    this.#observer = new Observer({
      ...shared,
      process,
      network: this.#network,
      random: randomOf(5),
      ledger: this.#ledger,
    });
    this.#watchers = this.#newWatchers();
  }

  async run(): Promise<SimulationResult> {
    const { seed, wallJumps } = this.#options;
    const peace = new PeaceTalks({
      ...{ clock: this.#clock, network: this.#network, supervisor: this.#supervisor, observer: this.#observer },
      ...{ services: this.#services, disk: this.#disk, findings: this.#findings },
      pass: (ms) => this.#pass(ms),
      until: (done) => this.#until(done),
    });
    this.#supervisor.start();
    await peace.prepare();
    const troubleOver = new AbortController();
    const clientsOver = new AbortController();
    const disasters = runDisasters(this.#parts(), seed, troubleOver.signal);
    if (wallJumps) void jumpWallClock(this.#clock, this.#supervisor.newRandom(seed), clientsOver.signal);
    else this.#supervisor.newRandom(seed);
    const workload = this.#newWorkload();
    const working = workload.run();
    const clients = this.#newClients().map((client) => client.run(troubleOver.signal));
    const watching = this.#watchers.map((watcher) => watcher.run(clientsOver.signal));
    await this.#pass(troubleMs);
    troubleOver.abort();
    this.#network.weather = fairWeather;
    this.#disk.heal();
    await this.#until(disasters);
    this.#disk.heal();
    this.#network.weather = fairWeather;
    this.#supervisor.start();
    await this.#until(Promise.all([working, ...clients]));
    await this.#passWithUnsteadyServices();
    await this.#pass(quietMs, 4_000);
    await peace.expectAgreement(this.#watchers);
    clientsOver.abort();
    this.#network.breakAll();
    await this.#until(Promise.all(watching));
    await peace.expectNothingLeft();
    for (const violation of workload.violations()) this.#findings.expect("one order explains all answers", violation);
    this.#findings.expect("one order explains all answers", undefined);
    return this.#result();
  }

  #result(): SimulationResult {
    const { all, looks } = this.#findings;
    const { hash, count, lastLines } = this.#history;
    return {
      ...{ hash, findings: all, looks, answers: count, lastLines },
      starts: this.#supervisor.starts,
      simulatedMs: this.#clock.monotonicMs(),
    };
  }

  /** Nothing else is wrong: what checks find must be in the catalog at once. */
  async #passWithUnsteadyServices(): Promise<void> {
    const over = new AbortController();
    const unsteady = troubleServices(this.#parts(), this.#supervisor.newRandom(this.#options.seed), over.signal);
    await this.#pass(unsteadyMs, 3_000);
    over.abort();
    await this.#until(unsteady);
  }

  /** Lets time go by, and looks at the agent now and then. */
  async #pass(ms: number, stepMsMax: number = 900): Promise<void> {
    const endMs = this.#clock.monotonicMs() + ms;
    while (this.#clock.monotonicMs() < endMs) {
      await settle();
      await this.#clock.advance(Math.min(50 + this.#pace.uniform() * stepMsMax, endMs - this.#clock.monotonicMs()));
      await this.#observer.look();
    }
  }

  /** @throws Error when it is not done in ten simulated minutes, or fails */
  async #until<T>(done: Promise<T>): Promise<T> {
    const progress = { isDone: false };
    const ended = done.finally(() => (progress.isDone = true));
    ended.catch(() => {});
    const endMs = this.#clock.monotonicMs() + 600_000;
    while (!progress.isDone && this.#clock.monotonicMs() < endMs) await this.#pass(1_000);
    if (!progress.isDone) throw new Error(`not done in ten minutes:\n${this.#history.lastLines.slice(-20).join("\n")}`);
    return ended;
  }

  #parts() {
    const [clock, disk, network, services] = [this.#clock, this.#disk, this.#network, this.#services];
    return { clock, disk, network, services, supervisor: this.#supervisor };
  }

  #newWorkload(): Workload {
    const { seed } = this.#options;
    let lines = 0;
    const openLine = (): SimulatedLine => {
      const client = `192.0.2.${100 + lines++}`;
      const random = this.#supervisor.newRandom(seed);
      return new SimulatedLine({ clock: this.#clock, network: this.#network, random, client, thinkMsMax: 2_000 });
    };
    return new Workload(openLine, { seed, clients: 6, operations: 500, clock: this.#clock, reconnectMs: 300 });
  }

  #newClients(): readonly { run(stopped: AbortSignal): Promise<void> }[] {
    const { seed } = this.#options;
    const shared = { clock: this.#clock, network: this.#network };
    const random = (): FakeRandom => this.#supervisor.newRandom(seed);
    return [
      ...[1, 2, 3].map((at) => {
        return new LockHolder({ ...shared, random: random(), ledger: this.#ledger, client: `192.0.2.${at}` });
      }),
      ...[11, 12].map((at) => new Registrar({ ...shared, random: random(), client: `192.0.2.${at}` })),
    ];
  }

  #newWatchers(): readonly Watcher[] {
    const shared = { clock: this.#clock, network: this.#network, findings: this.#findings };
    const all = [...busyQuestions, ...forgottenQuestions, ...quietQuestions];
    return all.map((question, at) => {
      const isQuiet = quietQuestions.includes(question);
      const isForgotten = forgottenQuestions.includes(question);
      return new Watcher({ ...shared, question, isQuiet, isForgotten, client: `203.0.113.${at}` });
    });
  }
}
