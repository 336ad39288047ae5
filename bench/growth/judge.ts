import { median } from "../lib/statistics.ts";
import type { Series } from "./figures.ts";
import type { GrowthRow } from "./measurement.ts";

/** Maximum factor by which the cost of a row may grow if the row touches no more data. */
const factorMax = 1.5;

export interface Factor {
  /** The median at the largest size divided by that at the smallest. */
  readonly factor: number;
  /** The lowest and the highest factor of single rounds. All sizes are measured in each round, so the range is the noise. */
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
