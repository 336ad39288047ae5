import type { Meter } from "../lib/metrics.ts";

/** One of this many sends of a kept answer is timed. Must be a power of two. */
const timedEach = 64;

/**
 * Measures how long it takes to send a kept answer again. Most requests get one, within microseconds, so only one in 64 is timed;
 * the metrics count it 64 times.
 */
export class SampledLatency {
  readonly #took: Meter | undefined;
  #count = 0;
  #ms = 0;

  constructor(took: Meter | undefined) {
    this.#took = took;
  }

  /** Whether the caller must time the next send. */
  get isDue(): boolean {
    return (this.#count & (timedEach - 1)) === 0;
  }

  add(ms: number = this.#ms): void {
    this.#ms = ms;
    this.#count += 1;
    this.#took?.add(ms);
  }
}
