import { RecentValues } from "./recent-values.ts";

/** The values of one counter or sample in one interval, aggregated. */
export interface Aggregate {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly count: number;
  readonly sum: number;
  readonly min: number;
  readonly max: number;
  readonly stddev: number;
  /** For a sample, the quantiles of the last ten to twenty seconds (NaN without values in that time); empty for a counter. */
  readonly quantiles: readonly number[];
}

/** The fractions at which the quantiles of a sample are computed: the median, and the 90th and 99th percentiles. */
export const quantileShares: readonly number[] = [0.5, 0.9, 0.99];

export interface Gauge {
  readonly name: string;
  readonly labels: Labels;
  readonly value: number;
}

/** All metrics of one interval, or since the start. */
export interface MetricsSnapshot {
  /** The time at which the interval began, in milliseconds since 1970. */
  readonly startMs: number;
  readonly gauges: readonly Gauge[];
  readonly counters: readonly Aggregate[];
  readonly samples: readonly Aggregate[];
}

export type Labels = Readonly<Record<string, string>>;

/** Length in milliseconds of an interval over which counters and samples are aggregated. */
export const intervalMs = 10_000;

/** Number of ended intervals that are kept. Consul keeps one minute: the current interval and these five. */
const endedIntervalsKept = 5;

/** Aggregates the values of one metric with one set of labels. `add` is cheap: it reads no clock and looks nothing up. */
export class Meter {
  readonly name: string;
  readonly labels: Labels;
  readonly #interval = new Sums();
  readonly #all = new Sums();
  readonly #recent: RecentValues | undefined;

  /** @param recent keeps values to compute the quantiles of a sample; undefined for a counter */
  constructor(name: string, labels: Labels, recent?: RecentValues) {
    this.name = name;
    this.labels = labels;
    this.#recent = recent;
  }

  add(value: number): void {
    this.#interval.add(value);
    this.#recent?.add(value);
  }

  /** Returns the aggregate of the current interval; undefined when nothing was added. */
  interval(): Aggregate | undefined {
    return this.#aggregate(this.#interval);
  }

  /** Returns the aggregate of all values since the start; undefined when nothing was added. */
  total(): Aggregate | undefined {
    return this.#aggregate(this.#all.plus(this.#interval));
  }

  /** Ends the current interval and begins the next. Returns the ended interval's aggregate; undefined when nothing was added. */
  endInterval(): Aggregate | undefined {
    const ended = this.interval();
    this.#all.take(this.#interval);
    this.#recent?.endInterval();
    return ended;
  }

  #aggregate(sums: Sums): Aggregate | undefined {
    if (sums.count === 0) return undefined;
    const { count, sum, min, max, stddev } = sums;
    const quantiles = this.#recent?.quantiles(quantileShares) ?? [];
    return { name: this.name, labels: this.labels, count, sum, min, max, stddev, quantiles };
  }
}

class Sums {
  count = 0;
  sum = 0;
  min = Infinity;
  max = -Infinity;
  #squares = 0;

  add(value: number): void {
    this.count += 1;
    this.sum += value;
    this.#squares += value * value;
    if (value < this.min) this.min = value;
    if (value > this.max) this.max = value;
  }

  /** The sample standard deviation, whose divisor is count - 1; 0 for fewer than two values. */
  get stddev(): number {
    if (this.count < 2) return 0;
    const variance = (this.#squares - (this.sum * this.sum) / this.count) / (this.count - 1);
    return Math.sqrt(Math.max(0, variance));
  }

  plus(other: Sums): Sums {
    const both = new Sums();
    for (const each of [this, other]) both.#include(each);
    return both;
  }

  /** Adds the sums of `other` to this object's sums, and resets `other`. */
  take(other: Sums): void {
    this.#include(other);
    [other.count, other.sum, other.#squares, other.min, other.max] = [0, 0, 0, Infinity, -Infinity];
  }

  #include(other: Sums): void {
    this.count += other.count;
    this.sum += other.sum;
    this.#squares += other.#squares;
    this.min = Math.min(this.min, other.min);
    this.max = Math.max(this.max, other.max);
  }
}

/**
 * The agent's metrics. A part of the agent creates a meter once and adds values to it; gauges are read when a snapshot
 * is taken. An interval ends when the owner calls `endInterval`.
 */
export class Metrics {
  readonly #counters = new Map<string, Meter>();
  readonly #samples = new Map<string, Meter>();
  readonly #gauges = new Map<string, Omit<Gauge, "value"> & { readonly read: () => number | undefined }>();
  readonly #beforeEnd: (() => void)[] = [];
  readonly #onIntervalEnd: ((ended: MetricsSnapshot, endMs: number) => void)[] = [];
  #ended: readonly MetricsSnapshot[] = [];
  #startMs: number;

  constructor(wallMs: number) {
    this.#startMs = wallMs;
  }

  /** Returns the counter with this name and these labels, a new one at the first call: the caller adds 1 for each event. */
  counter(name: string, labels: Labels = {}): Meter {
    return once(this.#counters, new Meter(name, labels));
  }

  /** Returns the sample with this name and these labels, a new one at the first call: the caller adds durations in milliseconds. */
  sample(name: string, labels: Labels = {}): Meter {
    return once(this.#samples, new Meter(name, labels, new RecentValues()));
  }

  /** Adds a gauge. @param read returns its present value; undefined while it has no value */
  gauge(name: string, read: () => number | undefined, labels: Labels = {}): void {
    this.#gauges.set(seriesOf({ name, labels }), { name, labels, read });
  }

  /** Calls `sample` before each interval ends, for values that no event adds. */
  beforeEnd(sample: () => void): void {
    this.#beforeEnd.push(sample);
  }

  /** Calls `listener` with each interval that has ended, and with the wall time of its end. */
  onIntervalEnd(listener: (ended: MetricsSnapshot, endMs: number) => void): void {
    this.#onIntervalEnd.push(listener);
  }

  endInterval(wallMs: number): void {
    for (const sample of this.#beforeEnd) sample();
    const ended = this.#snapshot((meter) => meter.endInterval());
    this.#ended = [...this.#ended, ended].slice(-endedIntervalsKept);
    this.#startMs = wallMs;
    for (const listener of this.#onIntervalEnd) listener(ended, wallMs);
  }

  /** The ended intervals of the last minute, oldest first. */
  get ended(): readonly MetricsSnapshot[] {
    return this.#ended;
  }

  /** Returns the metrics of the interval that ended last, or of the first interval before it ends. Gauges are read now. */
  lastInterval(): MetricsSnapshot {
    const last = this.#ended.at(-1);
    return last ? { ...last, gauges: this.#readGauges() } : this.#snapshot((meter) => meter.interval());
  }

  /** Returns the metrics with all values since the start. */
  total(): MetricsSnapshot {
    return this.#snapshot((meter) => meter.total());
  }

  #snapshot(read: (meter: Meter) => Aggregate | undefined): MetricsSnapshot {
    return {
      startMs: this.#startMs,
      gauges: this.#readGauges(),
      counters: readAll(this.#counters, read),
      samples: readAll(this.#samples, read),
    };
  }

  #readGauges(): readonly Gauge[] {
    const read = [...this.#gauges.values()].flatMap(({ name, labels, read: valueOf }) => {
      const value = valueOf();
      return value === undefined ? [] : [{ name, labels, value }];
    });
    return read.toSorted(byName);
  }
}

/** Returns the meter of the map with the same name and labels, which is `meter` if there was none: a series is in Prometheus' text once. */
function once(meters: Map<string, Meter>, meter: Meter): Meter {
  const series = seriesOf(meter);
  const known = meters.get(series) ?? meter;
  meters.set(series, known);
  return known;
}

function seriesOf({ name, labels }: Pick<Gauge, "name" | "labels">): string {
  return JSON.stringify([name, labels]);
}

function readAll(
  meters: ReadonlyMap<string, Meter>,
  read: (meter: Meter) => Aggregate | undefined,
): readonly Aggregate[] {
  const aggregates = [...meters.values()].map(read).filter((aggregate) => aggregate !== undefined);
  return aggregates.toSorted(byName);
}

function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return a.name < b.name ? -1 : Number(a.name > b.name);
}
