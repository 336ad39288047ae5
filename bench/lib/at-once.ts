const usualMax = 16;

/**
 * Calls `work` for each item, with at most `atOnceMax` calls at the same time. The calls start in the order of the items.
 * @throws the first error of a call
 */
export async function forEachAtOnce<T>(
  items: Iterable<T>,
  work: (item: T) => Promise<unknown>,
  atOnceMax: number = usualMax,
): Promise<void> {
  const rest = Iterator.from(items);
  const worker = async (): Promise<void> => {
    for (let next = rest.next(); next.done !== true; next = rest.next()) await work(next.value);
  };
  await Promise.all(Array.from({ length: atOnceMax }, worker));
}

/** Yields 0, 1, 2, ... up to `count` - 1. */
export function numbersBelow(count: number): Iterable<number> {
  return Array(count).keys();
}
