import { sleep, type Clock } from "../../../src/lib/clock.ts";
import type { FakeRandom } from "../fake-random.ts";
import { type LineAnswer, LineBroken, type LineRequest } from "../linearizability/line.ts";
import type { History } from "./history.ts";
import type { SimulatedProcess } from "./simulated-process.ts";

export interface NetworkAnswer extends LineAnswer {
  /** When the agent had the request, and when it had answered. */
  readonly arrivedMs: number;
  readonly leftMs: number;
  /** The agent was told to end: it lets everybody go. */
  readonly isEnding: boolean;
}

/** A request that the agent has not answered yet. */
export interface Held {
  readonly request: LineRequest;
  readonly client: string;
  readonly arrivedMs: number;
  readonly break: () => void;
}

/** How requests and answers fare on their way. */
export interface Weather {
  readonly latencyMsMax: number;
  /** Of each way: how likely what goes it is lost. */
  readonly loss: number;
  /** How likely a connection is cut while the agent works on the answer. */
  readonly cut: number;
}

export const fairWeather: Weather = { latencyMsMax: 3, loss: 0, cut: 0 };

const giveUpMsMax = 5_000;

/** The way between clients and the agent: each request takes its own time, gets lost, or is cut off. */
export class SimulatedNetwork {
  weather: Weather = fairWeather;
  readonly held: Set<Held> = new Set();
  readonly #clock: Clock;
  readonly #random: FakeRandom;
  readonly #history: History;
  readonly #process: () => SimulatedProcess | undefined;

  constructor(options: {
    readonly clock: Clock;
    readonly random: FakeRandom;
    readonly history: History;
    readonly process: () => SimulatedProcess | undefined;
  }) {
    this.#clock = options.clock;
    this.#random = options.random;
    this.#history = options.history;
    this.#process = options.process;
  }

  /**
   * @param arrived called when the agent has the request
   * @throws LineBroken when no answer will come
   */
  async send(client: string, request: LineRequest, arrived: (atMs: number) => void = () => {}): Promise<NetworkAnswer> {
    await this.#travel();
    const process = this.#process();
    if (!process?.router) throw new LineBroken(false);
    arrived(this.#clock.monotonicMs());
    const answer = await this.#handle(process, client, request);
    this.#history.add(`${client} ${request.method} ${request.path}`, answer);
    await this.#travel();
    return answer;
  }

  /** The process is gone, and all connections with it. */
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
      return await Promise.race([ask(process, client, { request, signal: cutting.signal, arrivedMs }), broken]);
    } finally {
      timer?.cancel();
      this.held.delete(held);
    }
  }
}

/** Asks without a network. */
export async function ask(
  process: SimulatedProcess,
  client: string,
  options: { readonly request: LineRequest; readonly signal?: AbortSignal; readonly arrivedMs?: number },
): Promise<NetworkAnswer> {
  const { request, signal, arrivedMs = process.clock.monotonicMs() } = options;
  const { method, body } = request;
  const asked = new Request(`http://agent${request.path}`, {
    method,
    ...(body !== undefined && { body, headers: { "Content-Length": String(Buffer.byteLength(body)) } }),
    ...(signal && { signal }),
  });
  const response = await process.router?.handle(asked, () => client);
  if (!response) throw new LineBroken(false);
  const text = await response.text();
  const index = Number(response.headers.get("x-consul-index") ?? NaN);
  const { clock, isEnding } = process;
  return { status: response.status, index, body: text, arrivedMs, leftMs: clock.monotonicMs(), isEnding };
}
