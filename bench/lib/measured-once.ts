import type { Contender } from "./contender.ts";

/**
 * Wraps a measurement that takes minutes and gives the figures of several benchmark rows. The measurement runs once on each
 * contender, when the first of these rows needs it. Later rows and repetitions get the same result.
 */
export function measuredOnce<T>(measure: (contender: Contender) => Promise<T>): (contender: Contender) => Promise<T> {
  const measured = new Map<Contender, Promise<T>>();
  return (contender) => {
    const known = measured.get(contender) ?? measure(contender);
    measured.set(contender, known);
    return known;
  };
}
