import type { Contender } from "./contender.ts";

/**
 * Wraps a measurement of minutes that gives several rows their figures. It runs once on each contender, for the first row; later
 * rows and pairs get the same result.
 */
export function measuredOnce<T>(measure: (contender: Contender) => Promise<T>): (contender: Contender) => Promise<T> {
  const measured = new Map<Contender, Promise<T>>();
  return (contender) => {
    const known = measured.get(contender) ?? measure(contender);
    measured.set(contender, known);
    return known;
  };
}
