/** Maximum number of changes of keys kept within a second without being a storm. */
const keptMax = 200;

/** Counts the changes of keys that are kept within the present second, over all batches. */
export class KeptRate {
  #second = 0;
  #count = 0;

  /** Returns whether so many changes were kept in the second of this wall time that there is a storm of them. */
  isStorm(wallMs: number): boolean {
    return this.#count >= keptMax && secondOf(wallMs) === this.#second;
  }

  add(wallMs: number): void {
    const second = secondOf(wallMs);
    this.#count = second === this.#second ? this.#count + 1 : 1;
    this.#second = second;
  }
}

function secondOf(wallMs: number): number {
  return Math.floor(wallMs / 1_000);
}
