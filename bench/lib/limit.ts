import type { Contender } from "./contender.ts";
import type { Effort } from "./compare.ts";
import { median } from "./statistics.ts";

/** How near Praetor comes to what it is built on: the same work, done by the bare runtime or by SQLite alone. */
export interface Limit {
  /** As given to `make bench ROWS=...`. */
  readonly name: string;
  readonly title: string;
  /** What sets the limit. */
  readonly of: string;
  readonly unit: string;
  /** Praetor reaches at least this share of it. */
  readonly shareMin: number;
  /** Called once on a fresh agent, before anything is measured. */
  prepare?(praetor: Contender): Promise<void>;
  /** One measurement of each, about `seconds` long. */
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

/** Measures both in turn, on a fresh agent, and takes the medians. */
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
