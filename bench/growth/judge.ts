import { median } from "../lib/statistics.ts";
import type { Series } from "./figures.ts";
import type { GrowthRow } from "./measurement.ts";

/** Maximum of `factor` for a benchmark row whose requests touch equally much data at each size. */
const factorMax = 1.5;

export interface Factor {
  /** The median at the largest size divided by the median at the smallest size. */
  readonly factor: number;
  /** The lowest factor of a single round; `most` is the highest. The range between them shows the noise of the measurement. */
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

/** Returns "GROWS" if the factor is above the maximum, else "flat"; "" for a row that touches all data and so may grow. */
export function judge({ grows }: GrowthRow, { factor }: Factor): "flat" | "GROWS" | "" {
  if (grows === "data") return "";
  return factor <= factorMax ? "flat" : "GROWS";
}
