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
  /** Nobody changes what it watches: it must never wake. */
  readonly isQuiet: boolean;
  /** Kept in memory: counts from a lower number in the next process. */
  readonly isForgotten: boolean;
}

const waitMs = 300_000;
const awayMs = 400;
/** Consul's, and ours. */
const jitterFraction = 1 / 16;

/** Asks again with the index of the answer, for as long as it lives: what every watch of every client does. */
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
    // What a restart forgets counts from the store's index again: the next change may have the very index that was asked for.
    const isEarly = asked > 0 && index === asked && tookMs < waitMs && !isEnding && !isForgotten;
    const fell = `${question} fell from ${asked} to ${index}`;
    findings.expect("the index of a question never falls", index < asked && !isForgotten ? fell : undefined);
    findings.expect("nobody is woken with nothing new", isEarly ? `${question} after ${tookMs} ms` : undefined);
    findings.expect("no wait is longer than asked for", tookMs > heldMsMax ? `${question}: ${tookMs} ms` : undefined);
    const woke = isQuiet && asked > 0 && index !== asked;
    if (isQuiet)
      findings.expect("who watches what nobody changes sleeps", woke ? `${question}, ${asked} to ${index}` : undefined);
    if (index !== asked) this.wakes += 1;
    this.index = index;
    this.body = body;
  }
}
