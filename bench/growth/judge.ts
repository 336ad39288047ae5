import { median } from "../lib/statistics.ts";
import type { Series } from "./figures.ts";
import type { GrowthRow } from "./measurement.ts";

/** Maximum factor by which the cost of a row may grow from the smallest to the largest size if it touches equally much data. */
const factorMax = 1.5;

export interface Factor {
  /** The median at the largest size divided by the median at the smallest size. */
  readonly factor: number;
  /** The lowest factor of a single round; `most` is the highest. Each round measures all sizes, so their range is the noise. */
  readonly least: number;
  readonly most: number;
}

export function factorOf({ readings }: Series): Factor {
  const [smallest = [], largest = []] = [readings[0], readings.at(-1)];
  const ofRounds = largest.map((reading, round) => reading / (smallest[round] ?? Number.NaN));
  return {
    factor: median(largest) / median(smallest),
    least: Math.min(...ofRounds),
    most: Math.max(...ofRounds),
  };
}

/** Returns the verdict on a row. A row that measures all data has no maximum factor. */
export function judge({ grows }: GrowthRow, { factor }: Factor): "flat" | "GROWS" | "" {
  if (grows === "data") return "";
  return factor <= factorMax ? "flat" : "GROWS";
}
