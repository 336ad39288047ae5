/**
 * Runs what shares a key one after the other, in the order it came, and all else side by side. A task that has nobody to
 * wait for begins before `run` returns.
 */
export class KeyedQueue {
  /** The last task of each key. */
  readonly #last = new Map<string, Promise<void>>();

  /** How many keys have a task that is not done. */
  get size(): number {
    return this.#last.size;
  }

  /** Resolves and rejects as the task does; those behind it do not care which. */
  run<T>(keys: readonly string[], task: () => Promise<T>): Promise<T> {
    const before = keys.flatMap((key) => this.#last.get(key) ?? []);
    const running = before.length === 0 ? task() : Promise.all(before).then(task);
    const done: Promise<void> = running.then(
      () => this.#leave(keys, done),
      () => this.#leave(keys, done),
    );
    for (const key of keys) this.#last.set(key, done);
    return running;
  }

  #leave(keys: readonly string[], done: Promise<void>): void {
    for (const key of keys) if (this.#last.get(key) === done) this.#last.delete(key);
  }
}
