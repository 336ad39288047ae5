const firstMs = 1_000;
const lastMs = 10_000;

/** Computes the pauses between failed attempts: each is twice the one before, from one second up to ten. */
export class Backoff {
  #nextMs = firstMs;

  next(): number {
    const pauseMs = this.#nextMs;
    this.#nextMs = Math.min(pauseMs * 2, lastMs);
    return pauseMs;
  }

  /** Makes the next pause one second again. Call it after a successful attempt. */
  reset(): void {
    this.#nextMs = firstMs;
  }
}
