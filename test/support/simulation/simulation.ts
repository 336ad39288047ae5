import type { FakeRandom } from "../fake-random.ts";
import type { LineRequest } from "../linearizability/line.ts";
import { jumpWallClock, runDisasters, troubleServices } from "./disasters.ts";
import type { Part, Peace } from "./part.ts";
import { parts } from "./parts.ts";
import { settleWholly, withTimelessPlatform } from "./platform.ts";
import { fairWeather, type NetworkAnswer } from "./simulated-network.ts";
import { SimulatedPlatform, type WorldOptions } from "./simulated-platform.ts";

export interface SimulationResult {
  /** A hash of all answers and their times, which is equal for equal seeds. */
  readonly hash: string;
  readonly findings: readonly string[];
  /** How often each promise was checked. */
  readonly looks: ReadonlyMap<string, number>;
  readonly answers: number;
  readonly starts: number;
  readonly simulatedMs: number;
  readonly lastLines: readonly string[];
}

/**
 * Simulates one agent, its clients, disk, network, broker and checked services, on one clock. Everything follows from the seed.
 * First faults of all kinds happen. Then a quiet phase follows, at the end of which each part checks the promises that hold long
 * after the last fault. Returns the findings and the hash of all answers.
 */
export async function simulate(options: WorldOptions): Promise<SimulationResult> {
  return withTimelessPlatform(() => new Simulation(options).run());
}

const client = "192.0.2.99";
const quietLookMsMax = 6_000;
/** Maximum time until an answer on a good network, in milliseconds; the simulation does not inspect the agent in that time. */
const soonMs = 100;

class Simulation {
  readonly #options: WorldOptions;
  readonly #world: SimulatedPlatform;
  readonly #pace: FakeRandom;
  readonly #parts: readonly Part[];
  /** The disk's revision and the number of starts at the last inspection of the agent. */
  #seenState = "";
  readonly #peace: Peace = {
    pass: (ms) => this.#pass(ms),
    until: (done) => this.#until(done),
    send: (request) => this.#send(request),
    put: (path, body = "") => {
      return this.#send({ method: "PUT", path, body: typeof body === "string" ? body : JSON.stringify(body) });
    },
  };

  constructor(options: WorldOptions) {
    this.#options = options;
    this.#world = new SimulatedPlatform(options);
    this.#pace = this.#world.newRandom();
    this.#parts = parts.map((newPart) => newPart(this.#world));
  }

  async run(): Promise<SimulationResult> {
    const { supervisor, clock } = this.#world;
    supervisor.start();
    await this.#pass(1_000);
    for (const part of this.#parts) await part.prepare?.(this.#peace);
    const [trouble, clients] = [new AbortController(), new AbortController()];
    const over = { trouble: trouble.signal, clients: clients.signal };
    const disasters = runDisasters(this.#world, over.trouble);
    const jumps = this.#world.newRandom();
    if (this.#options.wallJumps) void jumpWallClock(clock, jumps, over.clients);
    const running = this.#parts.map(async (part) => part.run?.(over));
    await this.#pass(this.#world.plan.troubleMs);
    trouble.abort();
    await this.#makePeace(disasters);
    for (const part of this.#parts) await part.conclude?.(this.#peace);
    clients.abort();
    this.#world.network.breakAll();
    await this.#until(Promise.all(running));
    for (const part of this.#parts.toReversed()) await part.leave?.(this.#peace);
    return this.#result();
  }

  async #makePeace(disasters: Promise<void>): Promise<void> {
    this.#heal();
    await this.#until(disasters);
    this.#heal();
    this.#world.supervisor.start();
    await this.#pass(this.#world.plan.mendingMs, quietLookMsMax);
    await this.#passWithUnsteadyServices();
    await this.#pass(this.#world.plan.quietMs, quietLookMsMax);
  }

  #heal(): void {
    const { network, disk, broker } = this.#world;
    network.weather = fairWeather;
    disk.heal();
    broker.condition = "up";
  }

  /** Lets time pass while only the checked services change, so the results of checks must be in the catalog at once. */
  async #passWithUnsteadyServices(): Promise<void> {
    const over = new AbortController();
    const unsteady = troubleServices(this.#world, this.#world.newRandom(), over.signal);
    await this.#pass(this.#world.plan.unsteadyMs, 3_000);
    over.abort();
    await this.#until(unsteady);
  }

  /** Lets time pass, and lets all parts inspect the agent at random intervals. */
  async #pass(ms: number, lookMsMax: number = this.#world.plan.lookMsMax): Promise<void> {
    const { clock } = this.#world;
    const endMs = clock.monotonicMs() + ms;
    while (clock.monotonicMs() < endMs) {
      await settleWholly();
      await clock.advance(Math.min(50 + this.#pace.uniform() * lookMsMax, endMs - clock.monotonicMs()));
      await this.#look();
    }
  }

  async #look(): Promise<void> {
    const { process, disk, supervisor } = this.#world;
    if (!process) return;
    const state = `${disk.revision} ${supervisor.starts}`;
    const isNew = state !== this.#seenState;
    this.#seenState = state;
    await this.#world.look(async () => {
      for (const part of this.#parts) await part.look?.(process);
      if (isNew) for (const part of this.#parts) await part.lookAtState?.(process);
    });
  }

  async #until<T>(done: Promise<T>): Promise<T> {
    const { clock, history } = this.#world;
    const progress = { isDone: false };
    const ended = done.finally(() => (progress.isDone = true));
    ended.catch(() => {});
    const endMs = clock.monotonicMs() + 600_000;
    for (let ms = 0; !progress.isDone && ms < soonMs; ms += 10) {
      await settleWholly();
      await clock.advance(10);
    }
    while (!progress.isDone && clock.monotonicMs() < endMs) await this.#pass(this.#pace.uniform() * 1_000);
    if (!progress.isDone) throw new Error(`not done in ten minutes:\n${history.lastLines.slice(-20).join("\n")}`);
    return ended;
  }

  async #send(request: LineRequest): Promise<NetworkAnswer> {
    const answer = await this.#until(this.#world.network.send(client, request));
    if (answer.status >= 300) throw new Error(`${request.path} in peace: ${answer.status} ${answer.body}`);
    return answer;
  }

  #result(): SimulationResult {
    const { findings, history, supervisor, clock } = this.#world;
    const { hash, count, lastLines } = history;
    return {
      ...{ hash, findings: findings.all, looks: findings.looks, answers: count, lastLines },
      starts: supervisor.starts,
      simulatedMs: clock.monotonicMs(),
    };
  }
}
