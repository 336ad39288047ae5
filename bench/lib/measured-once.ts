import type { Contender } from "./contender.ts";

/**
 * For what takes minutes and gives several rows their figures: measured once on each contender, when the first row asks. The
 * others, and further pairs, are given the same.
 */
export function measuredOnce<T>(measure: (contender: Contender) => Promise<T>): (contender: Contender) => Promise<T> {
  const measured = new Map<Contender, Promise<T>>();
  return (contender) => {
    const known = measured.get(contender) ?? measure(contender);
    measured.set(contender, known);
    return known;
  };
}
