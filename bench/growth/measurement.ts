import type { Contender } from "../lib/contender.ts";
import type { Size } from "./size.ts";

/** One line of the table and one panel of the picture. */
export interface GrowthRow {
  readonly name: string;
  readonly title: string;
  readonly unit: string;
  /** "flat": touches as much data at each size, and must cost as much. "data": touches all data. */
  readonly grows: "flat" | "data";
}

export interface Filled {
  readonly contender: Contender;
  readonly size: Size;
}

/** A measurement that gives the readings of some rows at once. */
export interface Measurement {
  readonly rows: readonly GrowthRow[];
  /** How many rounds; fewer than usual for a slow measurement. */
  readonly rounds?: number;
  /** Called once on each filled agent. */
  prepare?(filled: Filled): Promise<void>;
  /** One reading for each row. `run` is another each time. */
  measure(filled: Filled, run: string): Promise<readonly number[]>;
}

/** A row that must not grow. */
export function flatRow(name: string, title: string, unit: string): GrowthRow {
  return { name, title, unit, grows: "flat" };
}

/** The same, for the processor time of one request. */
export function costRow(name: string, title: string): GrowthRow {
  return flatRow(name, title, "µs of processor");
}
