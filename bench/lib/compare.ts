import type { Contender } from "./contender.ts";
import type { Figure, Row } from "./row.ts";
import { median } from "./statistics.ts";

export interface Contenders {
  readonly praetor: Contender;
  readonly consul: Contender;
}

export interface Effort {
  /** Of one measurement. */
  readonly seconds: number;
  /** How often both are measured, in turn: A B A B. */
  readonly pairs: number;
}

export interface Comparison {
  readonly row: Row;
  readonly praetor: Figure;
  readonly consul: Figure;
  /** How many times as good Praetor's value is; above 1 is better. */
  readonly times: number;
  /** What misses the goal; empty when the row passes. */
  readonly shortOf: readonly string[];
}

/** Measures a row on both in turn, on fresh agents, and takes the medians. */
export async function compare(row: Row, { praetor, consul }: Contenders, effort: Effort): Promise<Comparison> {
  const both = [praetor, consul];
  try {
    if (row.startsItself !== true) for (const contender of both) await contender.start();
    for (const contender of both) await row.prepare?.(contender);
    const figures: [Figure[], Figure[]] = [[], []];
    for (let pair = 0; pair < effort.pairs; pair += 1) {
      figures[0].push(await row.measure(praetor, effort.seconds));
      figures[1].push(await row.measure(consul, effort.seconds));
    }
    return judge(row, middle(figures[0]), middle(figures[1]));
  } finally {
    for (const contender of both) await contender.stop();
  }
}

/** Holds Praetor's figure against Consul's and the row's goal. */
export function judge(row: Row, praetor: Figure, consul: Figure): Comparison {
  const times = row.better === "higher" ? praetor.value / consul.value : consul.value / praetor.value;
  const shortOf: string[] = [];
  if (times < (row.goal.kind === "times" ? row.goal.timesMin : 1)) shortOf.push("value");
  else if (row.goal.kind === "below" && praetor.value >= row.goal.valueMax) shortOf.push("value");
  if (praetor.latency && consul.latency && praetor.latency.p99Ms >= consul.latency.p99Ms) shortOf.push("p99");
  return { row, praetor, consul, times, shortOf };
}

function middle(figures: readonly Figure[]): Figure {
  const value = median(figures.map((figure) => figure.value));
  const latencies = figures.flatMap((figure) => figure.latency ?? []);
  if (latencies.length === 0) return { value };
  return {
    value,
    latency: {
      p50Ms: median(latencies.map((latency) => latency.p50Ms)),
      p99Ms: median(latencies.map((latency) => latency.p99Ms)),
    },
  };
}
