/** Resolves in the next turn of the event loop. Long work awaits this between its steps, so that requests are served. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

let lastOwn: Promise<void> = Promise.resolve();

/** Resolves in a later turn that no other caller of this function has, so that pieces of several works never add up in one turn. */
export function ownTurn(): Promise<void> {
  return (lastOwn = lastOwn.then(nextTurn));
}
