import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { median } from "../lib/statistics.ts";
import type { GrowthRow } from "./measurement.ts";
import type { Size } from "./size.ts";

export type ContenderName = "Praetor" | "Consul";

/** The values of one contender (Praetor or Consul) in one benchmark row, at each size of the data and in each round. */
export interface Series {
  readonly row: string;
  readonly contender: ContenderName;
  /** One list for each size of the data, smallest first, with the value of each round. */
  readonly readings: readonly (readonly number[])[];
}

/** All results of a run, from which the table and the picture are rendered. */
export interface Growth {
  /** The date, the machine and the versions, as a Markdown list. */
  readonly run: string;
  readonly sizes: readonly Size[];
  readonly rows: readonly GrowthRow[];
  readonly series: readonly Series[];
}

const path = join(import.meta.dir, "../growth.json");

export function keepGrowth(growth: Growth): void {
  writeFileSync(path, `${JSON.stringify(growth, undefined, 2)}\n`);
}

/** Returns the results of the last full run, from bench/growth.json. */
export function keptGrowth(): Growth {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- written by keepGrowth
  return JSON.parse(readFileSync(path, "utf8")) as Growth;
}

/** Returns the medians of a benchmark row, one for each size; undefined when this contender was not measured. */
export function middles(growth: Growth, row: string, contender: ContenderName): readonly number[] | undefined {
  return seriesOf(growth, row, contender)?.readings.map(median);
}

export function seriesOf(growth: Growth, row: string, contender: ContenderName): Series | undefined {
  return growth.series.find((series) => series.row === row && series.contender === contender);
}
