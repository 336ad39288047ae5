import type { Contender } from "./contender.ts";
import type { Effort } from "./compare.ts";
import { median } from "./statistics.ts";

/**
 * A benchmark row that compares Praetor with another program than Consul: with a limit of its platform, which is the rate of the same
 * work in the bare runtime or in SQLite alone; or with etcd.
 */
export interface Limit {
  /** The row's name. `make bench ROWS=NAME` measures the row. */
  readonly name: string;
  readonly title: string;
  /** The program that sets the limit, as the table names it: "bare `Bun.serve`". */
  readonly of: string;
  /** The table that has the row. */
  readonly against: "the limit" | "etcd";
  readonly unit: string;
  /** The fraction of the limit that Praetor must reach. */
  readonly shareMin: number;
  /** Prepares the measurements. Called once, on a new agent. */
  prepare?(praetor: Contender): Promise<void>;
  /** Measures Praetor and the limit once, each for about `seconds`. */
  measure(praetor: Contender, seconds: number): Promise<LimitFigures>;
}

export interface LimitFigures {
  readonly praetor: number;
  readonly limit: number;
}

export interface LimitResult extends LimitFigures {
  readonly limitOf: Limit;
  readonly share: number;
  readonly isReached: boolean;
}

/** Measures Praetor, on a new agent, and the limit alternately. Returns the medians. */
export async function measureLimit(limit: Limit, praetor: Contender, effort: Effort): Promise<LimitResult> {
  try {
    await praetor.start();
    await limit.prepare?.(praetor);
    const figures: LimitFigures[] = [];
    for (let pair = 0; pair < effort.pairs; pair += 1) figures.push(await limit.measure(praetor, effort.seconds));
    return judgeLimit(limit, {
      praetor: median(figures.map((each) => each.praetor)),
      limit: median(figures.map((each) => each.limit)),
    });
  } finally {
    await praetor.stop();
  }
}

export function judgeLimit(limitOf: Limit, figures: LimitFigures): LimitResult {
  const share = figures.praetor / figures.limit;
  return { limitOf, ...figures, share, isReached: share >= limitOf.shareMin };
}
