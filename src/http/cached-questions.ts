import type { Clock } from "../lib/clock.ts";
import type { Meter, Metrics } from "../lib/metrics.ts";

/** How a question was met, by the names of Consul's metrics. */
export type CacheOutcome = "hit" | "miss_new" | "miss_block";

interface Question {
  readonly answeredMs: number;
  usedMs: number;
}

const questionsMax = 10_000;
/** Consul forgets what nobody has asked for three days. */
const keptMs = 3 * 24 * 60 * 60 * 1000;

/**
 * What stands for the cache of Consul's agents. Theirs keeps the servers' answers and follows them; here the answers are
 * at hand, and always current. So all that is kept is which questions were asked with `?cached`, and when they were
 * answered: that is what a client is told of a cache.
 */
export class CachedQuestions {
  /** In the order of their last use. */
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

  /** How long ago it was answered, in milliseconds; undefined when it was not, or nobody has asked it for long. */
  ageMs(question: string): number | undefined {
    this.#forgetUnused();
    const known = this.#questions.get(question);
    if (!known) return undefined;
    known.usedMs = this.#clock.monotonicMs();
    this.#questions.delete(question);
    this.#questions.set(question, known);
    return known.usedMs - known.answeredMs;
  }

  /** It is answered now. */
  keep(question: string): void {
    const nowMs = this.#clock.monotonicMs();
    this.#questions.delete(question);
    this.#questions.set(question, { answeredMs: nowMs, usedMs: nowMs });
    if (this.#questions.size > questionsMax) this.#forgetOldest();
  }

  /** @param type what Consul calls this kind of question */
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
