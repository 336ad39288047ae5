import type { Clock } from "../lib/clock.ts";
import type { Meter, Metrics } from "../lib/metrics.ts";

/** The result of a lookup in the cache, by its name in Consul's metrics. */
export type CacheOutcome = "hit" | "miss_new" | "miss_block";

interface Question {
  readonly answeredMs: number;
  usedMs: number;
}

const questionsMax = 10_000;
/** Consul: a cached answer that was not requested for three days expires. */
const keptMs = 3 * 24 * 60 * 60 * 1000;

/**
 * Imitates the cache of Consul's agent, which keeps the servers' answers and refreshes them. This agent always answers from the
 * current state, so it remembers only which requests came with `?cached`, and when it answered them. The headers X-Cache and Age
 * need no more. A question identifies such a request by its path and parameters.
 */
export class CachedQuestions {
  /** The remembered requests, least recently used first. */
  readonly #questions = new Map<string, Question>();
  readonly #clock: Clock;
  readonly #metrics: Metrics;
  readonly #meters = new Map<string, Meter>();

  constructor({ clock, metrics }: { readonly clock: Clock; readonly metrics: Metrics }) {
    this.#clock = clock;
    this.#metrics = metrics;
    metrics.gauge("consul.consul.cache.entries_count", () => this.size);
  }

  get size(): number {
    this.#forgetUnused();
    return this.#questions.size;
  }

  /** Returns the milliseconds since this request was last answered; undefined if the request is not remembered. */
  ageMs(question: string): number | undefined {
    this.#forgetUnused();
    const known = this.#questions.get(question);
    if (!known) return undefined;
    known.usedMs = this.#clock.monotonicMs();
    this.#questions.delete(question);
    this.#questions.set(question, known);
    return known.usedMs - known.answeredMs;
  }

  /** Records that this request is answered now. */
  keep(question: string): void {
    const nowMs = this.#clock.monotonicMs();
    this.#questions.delete(question);
    this.#questions.set(question, { answeredMs: nowMs, usedMs: nowMs });
    if (this.#questions.size > questionsMax) this.#forgetOldest();
  }

  /** Counts a lookup in the metrics. @param type Consul's name of this kind of request */
  count(type: string, outcome: CacheOutcome): void {
    const key = `${type}.${outcome}`;
    const metrics = this.#metrics;
    const meter = this.#meters.get(key) ?? metrics.counter(`consul.consul.cache.${type}.${outcome}`);
    this.#meters.set(key, meter);
    meter.add(1);
  }

  #forgetUnused(): void {
    const nowMs = this.#clock.monotonicMs();
    for (const [question, { usedMs }] of this.#questions) {
      if (nowMs - usedMs < keptMs) return;
      this.#questions.delete(question);
    }
  }

  #forgetOldest(): void {
    for (const question of this.#questions.keys()) return void this.#questions.delete(question);
  }
}
