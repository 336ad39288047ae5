import type { Contender } from "../lib/contender.ts";
import type { Size } from "./size.ts";

/** One line of the table and one panel of the picture. */
export interface GrowthRow {
  readonly name: string;
  readonly title: string;
  readonly unit: string;
  /**
   * How the cost may grow. "flat": the row touches as much data at each size, and must cost as much. "data": it touches all data.
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
  /** Number of rounds, if the measurement is too slow for the usual number. */
  readonly rounds?: number;
  /** Called once on each filled agent. */
  prepare?(filled: Filled): Promise<void>;
  /** Returns one value for each row. `run` is a different text at each call. */
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
