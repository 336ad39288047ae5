/**
 * Runs tasks that share a key one after the other, in the order of their calls, and all others concurrently. A task that
 * has nothing to wait for begins before `run` returns.
 */
export class KeyedQueue {
  /** For each key, a promise that resolves when its last task has ended or failed. */
  readonly #last = new Map<string, Promise<void>>();

  /** Number of keys with an unfinished task. */
  get size(): number {
    return this.#last.size;
  }

  /** Runs the task; resolves and rejects as the task does. The next task with a shared key runs in either case. */
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
