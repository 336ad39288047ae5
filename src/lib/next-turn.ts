/** Lets everything else that waits have its turn: long work is done in pieces with one of these between them. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
