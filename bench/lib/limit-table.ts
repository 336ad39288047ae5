import type { LimitResult } from "./limit.ts";
import { formatNumber, renderCells } from "./table.ts";

export function renderLimits(results: readonly LimitResult[]): string {
  const header = ["Against the limit", "Praetor", "the limit", "share", "goal", "", "set by"];
  return renderCells(header, results.map(cellsOf));
}

/** Returns one result as a line of text for the terminal. */
export function renderLimitProgress(result: LimitResult): string {
  const [title, praetor, limit, share, goal, verdict, of] = cellsOf(result);
  return `${title}: ${praetor} of the ${limit} of ${of}, ${share} (goal ${goal}): ${verdict}`;
}

function cellsOf({ limitOf, praetor, limit, share, isReached }: LimitResult): readonly string[] {
  return [
    limitOf.title,
    `${formatNumber(praetor)} ${limitOf.unit}`,
    `${formatNumber(limit)} ${limitOf.unit}`,
    `${(100 * share).toFixed(0)} %`,
    `≥ ${(100 * limitOf.shareMin).toFixed(0)} %`,
    isReached ? "pass" : "short",
    limitOf.of,
  ];
}
