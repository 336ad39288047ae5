import { sleep, type Clock } from "../../../src/lib/clock.ts";
import type { FakeRandom } from "../fake-random.ts";
import { askInProcess } from "../in-process.ts";
import { type LineAnswer, LineBroken, type LineRequest } from "../linearizability/line.ts";
import type { History } from "./history.ts";
import { isForgottenWake, mutateAnswer } from "./mutated-answer.ts";
import type { Mutation } from "./mutation.ts";
import { withStreams } from "./platform.ts";
import type { SimulatedProcess } from "./simulated-process.ts";

export interface NetworkAnswer extends LineAnswer {
  /** The times at which the agent received the request and at which it had answered. */
  readonly arrivedMs: number;
  readonly leftMs: number;
  /** Whether the agent is stopping, and therefore answers all blocking queries. */
  readonly isEnding: boolean;
}

/** A request that the agent has not answered yet. */
export interface Held {
  readonly request: LineRequest;
  readonly client: string;
  readonly arrivedMs: number;
  readonly break: () => void;
}

/** Faults of requests and answers in transit. */
export interface Weather {
  readonly latencyMsMax: number;
  /** The probability that a request is lost, which is also the probability that an answer is lost. */
  readonly loss: number;
  /** The probability that a connection breaks while the agent works on the answer. */
  readonly cut: number;
}

export const fairWeather: Weather = { latencyMsMax: 3, loss: 0, cut: 0 };

const giveUpMsMax = 5_000;

/** The network between clients and the agent: it delays, loses and cuts off each request independently. */
export class SimulatedNetwork {
  weather: Weather = fairWeather;
  readonly held: Set<Held> = new Set();
  readonly #clock: Clock;
  readonly #random: FakeRandom;
  readonly #history: History;
  readonly #world: { readonly process: SimulatedProcess | undefined };
  readonly #mutation: Mutation | undefined;

  constructor(
    world: { readonly clock: Clock; readonly history: History; readonly process: SimulatedProcess | undefined },
    { random, mutation }: { readonly random: FakeRandom; readonly mutation: Mutation | undefined },
  ) {
    this.#clock = world.clock;
    this.#history = world.history;
    this.#world = world;
    this.#random = random;
    this.#mutation = mutation;
  }

  /**
   * Sends a client's request to the agent, and resolves with the answer.
   * @param arrived called when the agent receives the request
   * @throws LineBroken when no answer will come
   */
  async send(client: string, request: LineRequest, arrived: (atMs: number) => void = () => {}): Promise<NetworkAnswer> {
    await this.#travel();
    const { process } = this.#world;
    if (!process) throw new LineBroken(false);
    arrived(this.#clock.monotonicMs());
    const answer = await this.#handle(process, client, request);
    // A snapshot's archive contains the time of its creation, so the history leaves it out.
    const shown = isArchive(request) ? { ...answer, body: "" } : answer;
    this.#history.add(`${client} ${request.method} ${request.path}`, shown);
    await this.#travel();
    return answer;
  }

  /** Breaks the connection of each pending request. */
  breakAll(): void {
    for (const each of this.held) each.break();
  }

  async #travel(): Promise<void> {
    const { latencyMsMax, loss } = this.weather;
    const isLost = this.#random.uniform() < loss;
    await sleep(this.#clock, this.#random.uniform() * (isLost ? giveUpMsMax : latencyMsMax));
    if (isLost) throw new LineBroken(true);
  }

  async #handle(process: SimulatedProcess, client: string, request: LineRequest): Promise<NetworkAnswer> {
    const { promise: broken, reject } = Promise.withResolvers<never>();
    const cutting = new AbortController();
    const arrivedMs = this.#clock.monotonicMs();
    const cut = (): void => {
      cutting.abort();
      reject(new LineBroken(true));
    };
    const held = { request, client, arrivedMs, break: cut };
    this.held.add(held);
    const isCut = this.#random.uniform() < this.weather.cut;
    const timer = isCut ? this.#clock.schedule(this.#random.uniform() ** 3 * giveUpMsMax, cut) : undefined;
    try {
      const answer = await Promise.race([ask(process, client, { request, signal: cutting.signal, arrivedMs }), broken]);
      if (this.#mutation === undefined) return answer;
      if (isForgottenWake(request, answer, { mutation: this.#mutation, random: this.#random })) return await broken;
      return mutateAnswer(request, answer, { mutation: this.#mutation, random: this.#random });
    } finally {
      timer?.cancel();
      this.held.delete(held);
    }
  }
}

interface AskOptions {
  readonly request: LineRequest;
  readonly signal?: AbortSignal;
  readonly arrivedMs?: number;
}

/** Passes a request to the agent directly, without the simulated network, and resolves with the answer. */
export function ask(process: SimulatedProcess, client: string, options: AskOptions): Promise<NetworkAnswer> {
  const answer = (): Promise<NetworkAnswer> => answerTo(process, client, options);
  return isArchive(options.request) ? withStreams(answer) : answer();
}

async function answerTo(process: SimulatedProcess, client: string, options: AskOptions): Promise<NetworkAnswer> {
  const { request, signal, arrivedMs = process.nowMs() } = options;
  const { method, body } = request;
  const isKeepers = request.path.startsWith("/api/");
  const encoding = isArchive(request) ? "latin1" : "utf8";
  const init = {
    method,
    ...(body !== undefined && {
      body: Buffer.from(body, encoding),
      headers: { "Content-Length": String(Buffer.byteLength(body, encoding)) },
    }),
    ...(signal && { signal }),
  };
  const router = isKeepers ? process.keeper : process.router;
  if (!router) throw new LineBroken(false);
  const response = await askInProcess(router, request.path, init, client);
  const text = isArchive(request)
    ? Buffer.from(await response.arrayBuffer()).toString("latin1")
    : await response.text();
  const index = Number(response.headers.get("x-consul-index") ?? NaN);
  return { status: response.status, index, body: text, arrivedMs, leftMs: process.nowMs(), isEnding: process.isEnding };
}

function isArchive({ path }: LineRequest): boolean {
  return path === "/v1/snapshot";
}
