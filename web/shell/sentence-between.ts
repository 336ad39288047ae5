/** The names of services and nodes by their status. */
export interface Failing {
  readonly critical: ReadonlySet<string>;
  readonly warning: ReadonlySet<string>;
}

/**
 * Returns one sentence on the difference between two states: "edgex-core-data is critical", or "3 are critical, 1 is passing" for several;
 * undefined if they are equal.
 */
export function sentenceBetween(before: Failing, now: Failing): string | undefined {
  const was = new Set([...before.critical, ...before.warning]);
  const changes = [
    { status: "critical", names: now.critical.difference(before.critical) },
    { status: "in warning", names: now.warning.difference(before.warning) },
    { status: "no longer failing", names: was.difference(now.critical).difference(now.warning) },
  ].filter(({ names }) => names.size > 0);
  if (changes.length === 0) return undefined;
  return changes
    .map(({ status, names: [first = "", ...others] }) =>
      others.length === 0 ? `${first} is ${status}` : `${others.length + 1} are ${status}`,
    )
    .join(", ");
}
