import type { Contender } from "./contender.ts";
import { untilQuiet } from "./process-time.ts";
import type { Figure, Goal, Group, Row } from "./row.ts";
import { median } from "./statistics.ts";

export interface Contenders {
  readonly praetor: Contender;
  readonly consul: Contender;
}

export interface Effort {
  /** Duration of one measurement, in seconds. */
  readonly seconds: number;
  /** Number of measurements of each program, at least: see `roundsMore`. Praetor and Consul alternate: A B A B. */
  readonly pairs: number;
}

export interface Comparison {
  readonly row: Row;
  readonly praetor: Figure;
  readonly consul: Figure;
  /** Praetor's value divided by Consul's, or the inverse if lower values are better; above 1 if Praetor is better. */
  readonly times: number;
  /** The figures that miss the benchmark row's goal: "value", "p99"; empty when all reach the goal. */
  readonly shortOf: readonly string[];
}

/**
 * Measures the benchmark rows of a group one after the other, on two new agents with the group's data. Yields a comparison for
 * each row.
 */
export async function* compareGroup(group: Group, contenders: Contenders, effort: Effort): AsyncGenerator<Comparison> {
  const both = [contenders.praetor, contenders.consul];
  try {
    for (const row of group.rows) {
      await (row.startsItself === true ? stop(both) : ensureStarted(both, group));
      yield await compare(row, contenders, effort);
    }
  } finally {
    await stop(both);
    await group.finish?.();
  }
}

async function ensureStarted(both: readonly Contender[], group: Group): Promise<void> {
  if (both.every(({ isRunning }) => isRunning)) return;
  for (const contender of both) {
    await contender.start();
    await group.prepare?.(contender);
  }
}

async function stop(both: readonly Contender[]): Promise<void> {
  for (const contender of both) await contender.stop();
}

/**
 * Measures a benchmark row on Praetor and Consul alternately. Returns a comparison of the medians.
 * @throws Error that names the row if a measurement fails
 */
async function compare(row: Row, { praetor, consul }: Contenders, effort: Effort): Promise<Comparison> {
  try {
    for (const contender of [praetor, consul]) await row.prepare?.(contender);
    const figures: [Figure[], Figure[]] = [[], []];
    const isDue = (pair: number): boolean =>
      pair < effort.pairs || (pair < effort.pairs + roundsMore && differ(figures[0], figures[1]));
    for (let pair = 0; isDue(pair); pair += 1) {
      for (const [at, contender] of [praetor, consul].entries()) {
        if (row.startsItself !== true) await untilQuiet([praetor, consul]);
        figures[at]?.push(await row.measure(contender, effort.seconds));
      }
    }
    return judge(row, middle(figures[0]), middle(figures[1]));
  } catch (error) {
    throw new Error(`the row ${row.name} cannot be measured: ${String(error)}`, { cause: error });
  }
}

/** A row whose rounds differ is measured this many times more at most. */
const roundsMore = 2;

/** The rounds of a row differ if the highest ratio of the two programs is this many times the lowest. */
const differenceMax = 1.15;

/** Returns whether the ratio of two programs differs between the rounds in which they were measured. */
export function differ(praetor: readonly Figure[], consul: readonly Figure[]): boolean {
  const ratios = praetor.map(({ value }, round) => value / (consul[round]?.value ?? Number.NaN));
  return Math.max(...ratios) > differenceMax * Math.min(...ratios);
}

/** Returns the comparison of Praetor's figure with Consul's figure and with the benchmark row's goal. */
export function judge(row: Row, praetor: Figure, consul: Figure): Comparison {
  const times = row.better === "higher" ? praetor.value / consul.value : consul.value / praetor.value;
  const shortOf: string[] = reaches(row.goal, praetor.value, times) ? [] : ["value"];
  if (praetor.latency && consul.latency && praetor.latency.p99Ms >= consul.latency.p99Ms) shortOf.push("p99");
  return { row, praetor, consul, times, shortOf };
}

function reaches(goal: Goal, value: number, times: number): boolean {
  switch (goal.kind) {
    case "times":
      return times >= goal.timesMin;
    case "below":
      return times >= 1 && value < goal.valueMax;
    case "atLeast":
      return value >= goal.valueMin;
  }
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
