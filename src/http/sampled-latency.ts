import type { Meter } from "../lib/metrics.ts";

/** One in this number of sends of a kept answer is timed. The number must be a power of two. */
const timedEach = 64;

/**
 * Measures how long it takes to send a kept answer again. Most requests get a kept answer, within microseconds, so only one send
 * in 64 is timed, and the metrics count its time 64 times.
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
