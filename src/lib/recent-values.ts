/** Maximum number of values that are kept of each interval: enough for a 0.99 quantile. */
const valuesMax = 256;

/** Computes quantiles of the newest values of the current and the previous interval. Allocates memory with the first value. */
export class RecentValues {
  #values: Float64Array | undefined;
  #previous: Float64Array | undefined;
  #count = 0;
  #previousCount = 0;

  add(value: number): void {
    this.#values ??= new Float64Array(valuesMax);
    this.#values[this.#count % valuesMax] = value;
    this.#count += 1;
  }

  endInterval(): void {
    [this.#values, this.#previous] = [this.#previous, this.#values];
    [this.#count, this.#previousCount] = [0, this.#count];
  }

  /** Returns for each share its quantile: the smallest value that this share of the values do not exceed; NaN without values. */
  quantiles(shares: readonly number[]): number[] {
    const sorted = new Float64Array([
      ...newest(this.#values, this.#count),
      ...newest(this.#previous, this.#previousCount),
    ]).toSorted();
    return shares.map((share) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN);
  }
}

function newest(values: Float64Array | undefined, count: number): Iterable<number> {
  return values?.subarray(0, Math.min(count, valuesMax)) ?? [];
}
