import type { Contender } from "../lib/contender.ts";
import type { Size } from "./size.ts";

/** A benchmark row of `make growth`: one line of the table and one panel of the picture. */
export interface GrowthRow {
  readonly name: string;
  readonly title: string;
  readonly unit: string;
  /**
   * How the cost may grow with the size of the data. "flat": the requests touch equally much data at each size, so the cost must
   * not grow. "data": the requests touch all data, so the cost may grow.
   */
  readonly grows: "flat" | "data";
}

export interface Filled {
  readonly contender: Contender;
  readonly size: Size;
}

/** A measurement that gives the values of one or more benchmark rows at once. */
export interface Measurement {
  readonly rows: readonly GrowthRow[];
  /** Maximum number of rounds, for a measurement that is too slow for the usual number. */
  readonly rounds?: number;
  /** Prepares the measurement. Called once on each filled agent, before the first round. */
  prepare?(filled: Filled): Promise<void>;
  /** Measures once. Returns one value for each row. `run` is a text that differs in each round of the measurement. */
  measure(filled: Filled, run: string): Promise<readonly number[]>;
}

/** Returns a benchmark row whose cost must not grow with the data. */
export function flatRow(name: string, title: string, unit: string): GrowthRow {
  return { name, title, unit, grows: "flat" };
}

/** Returns a benchmark row for the agent's processor time per request, which must not grow with the data. */
export function costRow(name: string, title: string): GrowthRow {
  return flatRow(name, title, "µs of processor");
}
