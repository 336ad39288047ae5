import type { LimitResult } from "./limit.ts";
import { formatNumber, renderCells } from "./table.ts";

/** Returns a table for each kind of program that Praetor is compared with. */
export function renderLimits(results: readonly LimitResult[]): readonly string[] {
  return (["the limit", "etcd"] as const).flatMap((against) => {
    const found = results.filter(({ limitOf }) => limitOf.against === against);
    const header = [`Against ${against}`, "Praetor", against, "share", "goal", "", "set by"];
    return found.length === 0 ? [] : [renderCells(header, found.map(cellsOf))];
  });
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
