import type { Meter } from "../lib/metrics.ts";

/** One of so many repetitions of an answer is timed. A power of two. */
const timedEach = 64;

/**
 * The latency of a kept answer that is sent again: most requests are, and take microseconds. So the clock is read for one
 * in 64, which stands for all 64.
 */
export class SampledLatency {
  readonly #took: Meter | undefined;
  #count = 0;
  #ms = 0;

  constructor(took: Meter | undefined) {
    this.#took = took;
  }

  /** Whether the caller must time the next one. */
  get isDue(): boolean {
    return (this.#count & (timedEach - 1)) === 0;
  }

  add(ms: number = this.#ms): void {
    this.#ms = ms;
    this.#count += 1;
    this.#took?.add(ms);
  }
}
