const firstMs = 1_000;
const lastMs = 10_000;

/** The pauses between attempts at something that fails: each twice the last, from one second to ten. */
export class Backoff {
  #nextMs = firstMs;

  next(): number {
    const pauseMs = this.#nextMs;
    this.#nextMs = Math.min(pauseMs * 2, lastMs);
    return pauseMs;
  }

  /** After an attempt that did not fail. */
  reset(): void {
    this.#nextMs = firstMs;
  }
}
