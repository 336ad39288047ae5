import type { Contender } from "../lib/contender.ts";
import type { Size } from "./size.ts";

/** One line of the table and one panel of the picture. */
export interface GrowthRow {
  readonly name: string;
  readonly title: string;
  readonly unit: string;
  /**
   * How the cost may grow with the size. "flat": the row touches the same amount of data at each size, and must cost the same.
   * "data": the row touches all data, so its cost may grow.
   */
  readonly grows: "flat" | "data";
}

export interface Filled {
  readonly contender: Contender;
  readonly size: Size;
}

/** A measurement that gives values for several rows at once. */
export interface Measurement {
  readonly rows: readonly GrowthRow[];
  /** Maximum number of rounds, for a measurement that is too slow for the usual number. */
  readonly rounds?: number;
  /** Prepares the measurement. Called once on each filled agent, before the first round. */
  prepare?(filled: Filled): Promise<void>;
  /** Measures once. Returns one value for each row. `run` is a text that no other round of the measurement gets. */
  measure(filled: Filled, run: string): Promise<readonly number[]>;
}

/** Returns a row whose cost must not grow. */
export function flatRow(name: string, title: string, unit: string): GrowthRow {
  return { name, title, unit, grows: "flat" };
}

/** Returns a row for the processor time of one request, which must not grow. */
export function costRow(name: string, title: string): GrowthRow {
  return flatRow(name, title, "µs of processor");
}
