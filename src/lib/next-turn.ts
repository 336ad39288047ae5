/** Resolves in the next turn of the event loop. Long work awaits it between its pieces, so that requests are served. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
