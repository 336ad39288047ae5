import { sleep, type Clock } from "../../../src/lib/clock.ts";
import { LineBroken } from "../linearizability/line.ts";
import type { Findings } from "./findings.ts";
import type { NetworkAnswer, SimulatedNetwork } from "./simulated-network.ts";

export interface WatcherOptions {
  readonly network: SimulatedNetwork;
  readonly clock: Clock;
  readonly findings: Findings;
  readonly client: string;
  readonly question: string;
  /** Whether no client changes the data of the query, so that the watcher must never wake. */
  readonly isQuiet: boolean;
  /** Whether the agent keeps the data only in memory, so that the index may be lower in the agent's next process. */
  readonly isForgotten: boolean;
}

const waitMs = 300_000;
const awayMs = 400;
/** Consul adds up to a sixteenth to each wait, and so does Praetor. */
const jitterFraction = 1 / 16;

/** Repeats its query with the index of the last answer until it is stopped, as every watch does. */
export class Watcher {
  readonly options: WatcherOptions;
  index = 0;
  body = "";
  wakes = 0;

  constructor(options: WatcherOptions) {
    this.options = options;
  }

  async run(stopped: AbortSignal): Promise<void> {
    const { network, clock, client } = this.options;
    while (!stopped.aborted) {
      try {
        this.#take(await network.send(client, { method: "GET", path: this.#path() }));
      } catch (error) {
        if (!(error instanceof LineBroken)) throw error;
        await sleep(clock, awayMs);
      }
    }
  }

  #path(): string {
    const { question } = this.options;
    if (this.index === 0) return question;
    return `${question}${question.includes("?") ? "&" : "?"}index=${this.index}&wait=${waitMs / 1_000}s`;
  }

  #take({ status, index, body, arrivedMs, leftMs, isEnding }: NetworkAnswer): void {
    const { findings, question, isQuiet, isForgotten } = this.options;
    if (status !== 200 && status !== 404) {
      findings.expect("a read is answered", `${question}: ${status} ${body}`);
      return;
    }
    const asked = this.index;
    const tookMs = leftMs - arrivedMs;
    const heldMsMax = waitMs * (1 + jitterFraction) + 1;
    // The index of data in memory starts from the store's index, so the first change may have the same index as the query.
    const isEarly = asked > 0 && index === asked && tookMs < waitMs && !isEnding && !isForgotten;
    const fell = `${question} fell from ${asked} to ${index}`;
    findings.expect("the index of a question never falls", index < asked && !isForgotten ? fell : undefined);
    findings.expect("a watcher wakes only for a change", isEarly ? `${question} after ${tookMs} ms` : undefined);
    findings.expect("no wait is longer than requested", tookMs > heldMsMax ? `${question}: ${tookMs} ms` : undefined);
    const woke = isQuiet && asked > 0 && index !== asked;
    if (isQuiet)
      findings.expect(
        "a watcher of unchanged data is not woken",
        woke ? `${question}, ${asked} to ${index}` : undefined,
      );
    if (index !== asked) this.wakes += 1;
    this.index = index;
    this.body = body;
  }
}
