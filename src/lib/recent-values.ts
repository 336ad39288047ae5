/** Of an interval with more values the newest so many stand for all: enough for a 0.99 quantile. */
const kept = 256;

/** The newest values of an interval and of the one before, for their quantiles. Nothing is allocated until there is one. */
export class RecentValues {
  #values: Float64Array | undefined;
  #before: Float64Array | undefined;
  #count = 0;
  #countBefore = 0;

  add(value: number): void {
    this.#values ??= new Float64Array(kept);
    this.#values[this.#count % kept] = value;
    this.#count += 1;
  }

  endInterval(): void {
    [this.#values, this.#before] = [this.#before, this.#values];
    [this.#count, this.#countBefore] = [0, this.#count];
  }

  /** The value that this share of all is not above; NaN when there is none. */
  quantiles(shares: readonly number[]): number[] {
    const sorted = new Float64Array([
      ...newest(this.#values, this.#count),
      ...newest(this.#before, this.#countBefore),
    ]).toSorted();
    return shares.map((share) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN);
  }
}

function newest(values: Float64Array | undefined, count: number): Iterable<number> {
  return values?.subarray(0, Math.min(count, kept)) ?? [];
}
