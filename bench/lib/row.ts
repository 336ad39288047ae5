import type { Contender } from "./contender.ts";

/** Rows that are measured on the same agents, one after the other, with the same data. */
export interface Group {
  /** The name for `make bench ROWS=...`, which selects all of its rows. */
  readonly name: string;
  readonly rows: readonly Row[];
  /** Called once on fresh agents, before the first row. */
  prepare?(contender: Contender): Promise<void>;
}

/** One measurement, which is made in the same way on each contender. */
export interface Row {
  /** The name for `make bench ROWS=...`. */
  readonly name: string;
  readonly title: string;
  readonly unit: string;
  readonly better: "higher" | "lower";
  readonly goal: Goal;
  /**
   * Called once before the row is measured, on the agents of its group.
   * @throws Error when the row would measure something else than its title says
   */
  prepare?(contender: Contender): Promise<void>;
  /** Measures once, for about `seconds`; called several times on the same agent. */
  measure(contender: Contender, seconds: number): Promise<Figure>;
  /** true if the row starts and stops its own agents: `contender` is not running then. */
  readonly startsItself?: true;
}

export type Goal =
  /** Praetor is at least this many times as good as Consul. */
  | { readonly kind: "times"; readonly timesMin: number }
  /** Praetor's own figure is below a bound, and better than Consul's. */
  | { readonly kind: "below"; readonly valueMax: number };

export interface Figure {
  readonly value: number;
  /** The latency of single requests, in rows that measure it. */
  readonly latency?: Latency;
}

export interface Latency {
  readonly p50Ms: number;
  readonly p99Ms: number;
}
