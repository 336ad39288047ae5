import type { Contender } from "./contender.ts";

/** A group of benchmark rows, which are measured on the same agents, one after the other, with the same data. */
export interface Group {
  /** The group's name. `make bench ROWS=NAME` measures all rows of the group. */
  readonly name: string;
  readonly rows: readonly Row[];
  /** Prepares the data of the group. Called once on each new agent, before the first row. */
  prepare?(contender: Contender): Promise<void>;
  /** Ends what the rows of the group have started besides their contenders. Called once, after the last row. */
  finish?(): Promise<void>;
}

/** A benchmark row: one measurement, which is made in the same way on each contender. */
export interface Row {
  /** The row's name. `make bench ROWS=NAME` measures the row. */
  readonly name: string;
  readonly title: string;
  readonly unit: string;
  readonly better: "higher" | "lower";
  readonly goal: Goal;
  /**
   * Prepares the measurement. Called once before the row is measured, on each agent of its group.
   * @throws Error when the row would not measure what its title says
   */
  prepare?(contender: Contender): Promise<void>;
  /** Measures once, for about `seconds`. Called several times on the same agent. */
  measure(contender: Contender, seconds: number): Promise<Figure>;
  /** True if `measure` starts and stops the agent itself; `contender` is then not running before and after it. */
  readonly startsItself?: true;
}

export type Goal =
  /** Praetor must be at least this many times as good as Consul. */
  | { readonly kind: "times"; readonly timesMin: number }
  /** Praetor's figure must be below a bound, and not worse than Consul's. */
  | { readonly kind: "below"; readonly valueMax: number }
  /** Praetor's figure must reach a bound, whatever Consul's is. */
  | { readonly kind: "atLeast"; readonly valueMin: number };

export interface Figure {
  readonly value: number;
  /** The latency of single requests, in rows that measure it. */
  readonly latency?: Latency;
}

export interface Latency {
  readonly p50Ms: number;
  readonly p99Ms: number;
}
