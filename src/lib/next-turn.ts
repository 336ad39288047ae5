/** Resolves in the next turn of the event loop. Long work awaits this between its steps, so that requests are served. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
