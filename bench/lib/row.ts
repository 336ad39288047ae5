import type { Contender } from "./contender.ts";

/** One hot path, measured in the same way on each contender. */
export interface Row {
  /** As given to `make bench ROWS=...`, and the name of its file. */
  readonly name: string;
  readonly title: string;
  readonly unit: string;
  readonly better: "higher" | "lower";
  readonly goal: Goal;
  /** Called once on a fresh agent, before anything is measured. */
  prepare?(contender: Contender): Promise<void>;
  /** One measurement of about `seconds`; called several times on the same agent. */
  measure(contender: Contender, seconds: number): Promise<Figure>;
  /** The row starts and stops its own agents: `contender` is not running. */
  readonly startsItself?: true;
}

export type Goal =
  /** Praetor is at least this many times as good as Consul. */
  | { readonly kind: "times"; readonly timesMin: number }
  /** Praetor's own figure is below a bound, and better than Consul's. */
  | { readonly kind: "below"; readonly valueMax: number };

export interface Figure {
  readonly value: number;
  /** Where the row has a latency of single requests. */
  readonly latency?: Latency;
}

export interface Latency {
  readonly p50Ms: number;
  readonly p99Ms: number;
}
