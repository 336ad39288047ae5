import { within } from "../within.ts";
import type { ClusterAgent } from "./cluster-agent.ts";

/** Milliseconds between two requests of a client: the clients observe the cluster, and do not load it. */
const pauseMs = 10;
const goOnWithinMs = 60_000;

interface Writer {
  readonly agent: ClusterAgent;
  /** The key whose value the writer counts up. */
  readonly counter: string;
  /** The number of writes sent and of those acknowledged. */
  sent: number;
  acknowledged: number;
  /** The highest value of the counter that was acknowledged. */
  counted: number;
  /** The values of the counter whose writes had an error: a server that is resumed may still do such a write, after later ones. */
  readonly uncertain: Set<number>;
  /** When the last write was acknowledged, and the longest time between two acknowledgements. */
  lastMs: number;
  longestGapMs: number;
  slowestMs: number;
  readonly failures: Map<string, number>;
}

/** The observations of one agent's clients. */
export interface Observed {
  readonly name: string;
  readonly writes: number;
  /** The longest time without an acknowledged write, in milliseconds. */
  readonly longestGapMs: number;
  /** The longest time until any answer or error, in milliseconds. */
  readonly slowestMs: number;
  /** Each error, with its number. */
  readonly failures: ReadonlyMap<string, number>;
}

/**
 * Clients of every agent of a cluster: a writer, a reader of what others write, and a watcher. They run from `start` to `stop` and
 * record everything that a cluster must not do:
 *
 * - a default read returns less than what was acknowledged before it was sent, unless the write of that value had an error;
 * - a watcher's index or value falls, or the watcher misses the last value;
 * - an acknowledged write is gone.
 */
export class ClusterLoad {
  readonly #prefix: string;
  /** The end of each read's query. */
  readonly #mode: string;
  readonly #writers: readonly Writer[];
  readonly #acknowledged: string[] = [];
  readonly #violations: string[] = [];
  readonly #stopping = new AbortController();
  #running: readonly Promise<void>[] = [];

  /**
   * @param prefix the folder of the keys
   * @param isConsul whether to ask with `consistent`: Consul's new leader answers default reads before it has applied its log
   */
  constructor(prefix: string, agents: readonly ClusterAgent[], isConsul: boolean) {
    this.#prefix = prefix;
    this.#mode = isConsul ? "raw&consistent" : "raw";
    this.#writers = agents.map((agent) => ({
      ...{
        agent,
        counter: `${prefix}/counter/${agent.name}`,
        sent: 0,
        acknowledged: 0,
        counted: 0,
        uncertain: new Set(),
      },
      ...{ lastMs: performance.now(), longestGapMs: 0, slowestMs: 0, failures: new Map() },
    }));
  }

  start(): void {
    this.#running = this.#writers.flatMap((writer, at) => {
      const other = this.#writers[(at + 1) % this.#writers.length] ?? writer;
      return [this.#write(writer), this.#read(writer.agent, other), this.#watch(writer.agent, other)];
    });
  }

  /** Returns the number of acknowledged writes through an agent. */
  writesThrough(agent: ClusterAgent): number {
    return this.#writerOf(agent).acknowledged;
  }

  /** Resolves when each of these agents has acknowledged `count` more writes; returns the milliseconds until then. */
  async moreWrites(agents: readonly ClusterAgent[], count: number = 3): Promise<number> {
    const startMs = performance.now();
    const goals = agents.map((agent) => ({ agent, goal: this.writesThrough(agent) + count }));
    await within(goOnWithinMs, async () => {
      const waiting = goals.filter(({ agent, goal }) => this.writesThrough(agent) < goal);
      if (waiting.length === 0) return;
      const failures = waiting.map(({ agent }) => `${agent.name} ${[...this.#writerOf(agent).failures].join("; ")}`);
      throw new Error(`no writes through ${failures.join(" or ")}`);
    });
    return performance.now() - startMs;
  }

  /** Stops the clients, and returns a text for each violation. The cluster must be whole. */
  async stop(servers: readonly ClusterAgent[]): Promise<readonly string[]> {
    this.#stopping.abort();
    await Promise.all(this.#running);
    for (const server of servers) await this.#expectAcknowledged(server);
    return this.#violations;
  }

  observed(): readonly Observed[] {
    return this.#writers.map(({ agent, acknowledged, longestGapMs, slowestMs, failures }) => ({
      ...{ name: agent.name, writes: acknowledged, longestGapMs, slowestMs, failures },
    }));
  }

  #writerOf(agent: ClusterAgent): Writer {
    const writer = this.#writers.find((each) => each.agent === agent);
    if (writer === undefined) throw new Error(`${agent.name} has no writer`);
    return writer;
  }

  get #goesOn(): boolean {
    return !this.#stopping.signal.aborted;
  }

  /** Writes a counter and a new key in turn. */
  async #write(writer: Writer): Promise<void> {
    while (this.#goesOn) {
      writer.sent += 1;
      const number = writer.sent;
      const key = number % 2 === 0 ? writer.counter : `${this.#prefix}/keys/${writer.agent.name}/${number}`;
      const sentMs = performance.now();
      const failure = await this.#try(writer.agent, key, String(number));
      const nowMs = performance.now();
      writer.slowestMs = Math.max(writer.slowestMs, nowMs - sentMs);
      if (failure === undefined) {
        this.#acknowledged.push(key);
        writer.acknowledged += 1;
        if (key === writer.counter) writer.counted = number;
        writer.longestGapMs = Math.max(writer.longestGapMs, nowMs - writer.lastMs);
        writer.lastMs = nowMs;
        await Bun.sleep(pauseMs);
        continue;
      }
      if (key === writer.counter) writer.uncertain.add(number);
      if (writer.agent.isRunning) writer.failures.set(failure, (writer.failures.get(failure) ?? 0) + 1);
      await Bun.sleep(pauseMs);
    }
  }

  /** Returns why a write failed; undefined when it was acknowledged. */
  async #try(agent: ClusterAgent, key: string, body: string): Promise<string | undefined> {
    try {
      const { status, text } = await agent.ask("PUT", `/v1/kv/${key}`, { body });
      return status === 200 && text === "true" ? undefined : `${status} ${text.slice(0, 80)}`;
    } catch (error) {
      return error instanceof Error ? error.name : String(error);
    }
  }

  /** Reads through one agent the counter that is written through another. */
  async #read(agent: ClusterAgent, written: Writer): Promise<void> {
    while (this.#goesOn) {
      const atLeast = written.counted;
      const answer = await this.#get(agent, `/v1/kv/${written.counter}?${this.#mode}`);
      const value = answer?.status === 404 ? 0 : Number(answer?.text);
      if (answer !== undefined && value < atLeast && !written.uncertain.has(value))
        this.#violations.push(
          `${agent.name} answered ${value} after ${atLeast} was acknowledged by ${written.agent.name}`,
        );
      await Bun.sleep(pauseMs);
    }
  }

  async #watch(agent: ClusterAgent, written: Writer): Promise<void> {
    let index = 1;
    let value = 0;
    while (this.#goesOn) {
      const answer = await this.#get(agent, `/v1/kv/${written.counter}?${this.#mode}&index=${index}&wait=2s`);
      if (answer === undefined) {
        await Bun.sleep(pauseMs);
        continue;
      }
      const next = answer.status === 404 ? 0 : Number(answer.text);
      const where = `the watcher of ${written.counter} at ${agent.name}`;
      if (answer.index < index) this.#violations.push(`${where} fell from index ${index} to ${answer.index}`);
      if (next < value && !written.uncertain.has(next)) this.#violations.push(`${where} fell from ${value} to ${next}`);
      index = Math.max(1, answer.index);
      value = next;
    }
    const last = await this.#get(agent, `/v1/kv/${written.counter}?${this.#mode}&index=${index}&wait=2s`);
    if (last !== undefined && Number(last.text) < written.counted && !written.uncertain.has(Number(last.text)))
      this.#violations.push(`a watcher at ${agent.name} ended with ${last.text}, not ${written.counted}`);
  }

  /** Returns the answer with status 200 or 404; undefined after any error. */
  async #get(agent: ClusterAgent, path: string): Promise<{ status: number; text: string; index: number } | undefined> {
    try {
      const answer = await agent.ask("GET", path);
      return answer.status === 200 || answer.status === 404 ? answer : undefined;
    } catch {
      return undefined;
    }
  }

  async #expectAcknowledged(server: ClusterAgent): Promise<void> {
    const path = `/v1/kv/${this.#prefix}/?keys&consistent`;
    const keys = new Set(await within(goOnWithinMs, () => server.json<readonly string[]>(path)));
    const lost = this.#acknowledged.filter((key) => !keys.has(key));
    if (lost.length > 0) this.#violations.push(`${server.name} has lost ${lost.length} writes, such as ${lost[0]}`);
  }
}
