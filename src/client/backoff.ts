const firstMs = 1_000;
const lastMs = 10_000;

/** Pauses between failed attempts: each twice the last, from one second to ten. */
export class Backoff {
  #nextMs = firstMs;

  next(): number {
    const pauseMs = this.#nextMs;
    this.#nextMs = Math.min(pauseMs * 2, lastMs);
    return pauseMs;
  }

  /** Call after a successful attempt. */
  reset(): void {
    this.#nextMs = firstMs;
  }
}
