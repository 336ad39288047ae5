/**
 * Runs a task for each item, at most `lanes` at a time, started in the order of the items. Returns the promises of the results in
 * that order.
 */
export function sideBySide<Item, Result>(
  items: readonly Item[],
  lanes: number,
  task: (item: Item) => Promise<Result>,
): readonly Promise<Result>[] {
  const results = items.map(() => Promise.withResolvers<Result>());
  const queue = results.entries();
  const runLane = async (): Promise<void> => {
    for (const [at, { resolve, reject }] of queue) {
      const item = items[at];
      if (item !== undefined) await task(item).then(resolve, reject);
    }
  };
  for (let lane = 0; lane < lanes; lane++) void runLane();
  return results.map(({ promise }) => promise);
}
