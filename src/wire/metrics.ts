import { intervalMs, quantileShares, type Aggregate, type Gauge, type MetricsSnapshot } from "../lib/metrics.ts";
import { goMap } from "./go-json.ts";

/** Encodes a snapshot of the metrics as agent/metrics shows it. */
export function encodeMetrics({ startMs, gauges, counters, samples }: MetricsSnapshot): object {
  return {
    Timestamp: goTime(startMs),
    Gauges: gauges.map(({ name, labels, value }) => ({ Name: name, Value: value, Labels: goMap(labels) })),
    Points: [],
    Counters: counters.map(encodeAggregate),
    Samples: samples.map(encodeAggregate),
  };
}

function encodeAggregate({ name, labels, count, sum, min, max, stddev }: Aggregate): object {
  return {
    Name: name,
    Count: count,
    Rate: sum / (intervalMs / 1_000),
    Sum: sum,
    Min: min,
    Max: max,
    Mean: sum / count,
    Stddev: stddev,
    Labels: goMap(labels),
  };
}

/**
 * Renders the lines that Consul writes to stderr on SIGUSR1: one for each metric of each ended interval. Consul adds the time of
 * the metric's last value; Praetor does not record it and writes the end of the interval.
 */
export function renderIntervals(ended: readonly MetricsSnapshot[]): string {
  const lines = ended.flatMap(({ startMs, gauges, counters, samples }) => {
    const [start, end] = [goTime(startMs), goTime(startMs + intervalMs)];
    const line = (kind: string, name: string, value: string): string => `[${start}][${kind}] '${name}': ${value}\n`;
    const aggregate = (kind: string, of: Aggregate): string => line(kind, labelledName(of), `${sumsOf(of)} ${end}`);
    return [
      ...gauges.map((gauge) => line("G", labelledName(gauge), gauge.value.toFixed(3))),
      ...counters.map((counter) => aggregate("C", counter)),
      ...samples.map((sample) => aggregate("S", sample)),
    ];
  });
  return lines.join("");
}

/** Returns a metric's name with its labels. Consul: only the labels' values are appended, not their names. */
function labelledName({ name, labels }: Pick<Gauge, "name" | "labels">): string {
  return [name, ...Object.values(labels).map((value) => value.replace(/[ :]/g, "_"))].join(".");
}

/** Formats count, sum, minimum, maximum, mean and deviation. Consul: if all values are equal, the text has only count and sum. */
function sumsOf({ count, sum, min, max, stddev }: Aggregate): string {
  const spread = { Min: min, Mean: sum / count, Max: max, Stddev: stddev };
  const figures = Object.entries({ ...(stddev > 0 && spread), Sum: sum });
  return [`Count: ${count}`, ...figures.map(([name, value]) => `${name}: ${value.toFixed(3)}`), "LastUpdated:"].join(
    " ",
  );
}

/** Formats a time as Go does. Consul: the time is rounded down to the beginning of the ten-second interval. */
function goTime(ms: number): string {
  const text = new Date(ms - (ms % intervalMs)).toISOString();
  return `${text.slice(0, 10)} ${text.slice(11, 19)} +0000 UTC`;
}

/** Renders a snapshot of the metrics in the text format of Prometheus; samples are summaries. */
export function renderPrometheus({ gauges, counters, samples }: MetricsSnapshot): string {
  const lines: string[] = [];
  let last = "";
  for (const { name, labels, value } of gauges) {
    if (name !== last) lines.push(...heading(name, "gauge"));
    lines.push(`${metricName(name)}${labelText(labels)} ${value}`);
    last = name;
  }
  for (const { name, labels, sum } of counters) {
    if (name !== last) lines.push(...heading(name, "counter"));
    lines.push(`${metricName(name)}${labelText(labels)} ${sum}`);
    last = name;
  }
  for (const sample of samples) {
    if (sample.name !== last) lines.push(...heading(sample.name, "summary"));
    lines.push(...summary(sample));
    last = sample.name;
  }
  return lines.map((line) => `${line}\n`).join("");
}

function summary({ name, labels, sum, count, quantiles }: Aggregate): string[] {
  const metric = metricName(name);
  const text = labelText(labels);
  const shares = quantileShares.map((share, at) => {
    return `${metric}${labelText({ ...labels, quantile: String(share) })} ${quantiles[at] ?? Number.NaN}`;
  });
  return [...shares, `${metric}_sum${text} ${sum}`, `${metric}_count${text} ${count}`];
}

function heading(name: string, type: string): string[] {
  const metric = metricName(name);
  return [`# HELP ${metric} ${metric}`, `# TYPE ${metric} ${type}`];
}

/** Returns a metric's name for Prometheus. Consul: "_" replaces the characters that Prometheus does not allow. */
function metricName(name: string): string {
  return name.replace(/[^A-Za-z0-9_]/g, "_");
}

function labelText(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}
