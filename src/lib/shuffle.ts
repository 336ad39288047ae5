import type { Random } from "./random.ts";

/** Returns the rows in a uniformly random order (Fisher-Yates, inside-out). */
export function shuffle<T>(rows: readonly T[], random: Random): readonly T[] {
  const shuffled: T[] = [];
  for (const row of rows) {
    const at = Math.floor(random.uniform() * (shuffled.length + 1));
    const moved = shuffled[at];
    if (moved !== undefined) shuffled.push(moved);
    shuffled[at] = row;
  }
  return shuffled;
}
