import { intervalMs, type Metrics } from "./metrics.ts";

/** The values of one metric in the last intervals, oldest first; null for an interval in which it had none. */
export interface MetricSeries {
  readonly name: string;
  readonly kind: "gauge" | "counter" | "sample";
  readonly values: readonly (number | null)[];
}

/** Number of intervals that are kept: ten minutes. */
const intervalsMax = 600_000 / intervalMs;

interface Kept {
  readonly kind: MetricSeries["kind"];
  /** The value of each kept interval, at the interval's number modulo their count; NaN for none. */
  readonly values: Float64Array;
}

/**
 * The metrics of the last ten minutes, for charts: of a gauge its value at the end of each interval, of a counter the sum of the
 * interval, of a sample the mean. Metrics with labels are taken together by name.
 */
export class MetricsHistory {
  readonly #byName = new Map<string, Kept>();
  #ended = 0;
  #endMs = 0;

  constructor(metrics: Pick<Metrics, "onIntervalEnd">) {
    metrics.onIntervalEnd(({ gauges, counters, samples }, endMs) => {
      const slot = this.#ended % intervalsMax;
      for (const { values } of this.#byName.values()) values[slot] = NaN;
      for (const [name, { sum }] of totals(gauges.map(({ name: of, value }) => ({ name: of, sum: value, count: 1 }))))
        this.#valuesOf(name, "gauge")[slot] = sum;
      for (const [name, { sum }] of totals(counters)) this.#valuesOf(name, "counter")[slot] = sum;
      for (const [name, { sum, count }] of totals(samples)) this.#valuesOf(name, "sample")[slot] = sum / count;
      this.#ended += 1;
      this.#endMs = endMs;
    });
  }

  /** The wall time at which the last interval ended, in milliseconds since 1970; 0 before the first end. */
  get endMs(): number {
    return this.#endMs;
  }

  /** Returns the series of these names that exist, in this order; all series, sorted by name, if no name is given. */
  series(names: readonly string[]): readonly MetricSeries[] {
    const asked = names.length > 0 ? names : [...this.#byName.keys()].toSorted();
    return asked.flatMap((name) => {
      const kept = this.#byName.get(name);
      return kept ? [{ name, kind: kept.kind, values: this.#inOrder(kept) }] : [];
    });
  }

  #valuesOf(name: string, kind: MetricSeries["kind"]): Float64Array {
    const kept = this.#byName.get(name) ?? { kind, values: new Float64Array(intervalsMax).fill(NaN) };
    this.#byName.set(name, kept);
    return kept.values;
  }

  #inOrder({ values }: Kept): (number | null)[] {
    const count = Math.min(this.#ended, intervalsMax);
    return Array.from({ length: count }, (_, at) => {
      const value = values[(this.#ended - count + at) % intervalsMax] ?? NaN;
      return Number.isNaN(value) ? null : value;
    });
  }
}

interface Total {
  readonly sum: number;
  readonly count: number;
}

function totals(aggregates: readonly (Total & { readonly name: string })[]): ReadonlyMap<string, Total> {
  const byName = new Map<string, Total>();
  for (const { name, sum, count } of aggregates) {
    const known = byName.get(name);
    byName.set(name, { sum: sum + (known?.sum ?? 0), count: count + (known?.count ?? 0) });
  }
  return byName;
}
