import type { Meter } from "../lib/metrics.ts";

/** Between two times that are taken of an answer that is sent again. A power of two. */
const timedEach = 64;

/**
 * Counts how often one rendered answer is sent again, which is what most requests are and takes microseconds: the clock is
 * read for a few of them, and those between took as long.
 */
export class SampledLatency {
  readonly #took: Meter | undefined;
  #count = 0;
  #ms = 0;

  constructor(took: Meter | undefined) {
    this.#took = took;
  }

  /** Whether the next one is to be timed. */
  get isDue(): boolean {
    return (this.#count & (timedEach - 1)) === 0;
  }

  add(ms: number = this.#ms): void {
    this.#ms = ms;
    this.#count += 1;
    this.#took?.add(ms);
  }
}
