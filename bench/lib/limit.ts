import type { Contender } from "./contender.ts";
import type { Effort } from "./compare.ts";
import { median } from "./statistics.ts";

/** Compares Praetor with a limit of its platform: the same work, done by the bare runtime or by SQLite alone. */
export interface Limit {
  /** The name for `make bench ROWS=...`. */
  readonly name: string;
  readonly title: string;
  /** The name of the program that sets the limit. */
  readonly of: string;
  readonly unit: string;
  /** The fraction of the limit that Praetor must reach. */
  readonly shareMin: number;
  /** Called once on a fresh agent, before the measurements. */
  prepare?(praetor: Contender): Promise<void>;
  /** Measures Praetor and the limit once, about `seconds` long. */
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

/** Measures Praetor and the limit alternately, on a fresh agent, and returns the medians. */
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
