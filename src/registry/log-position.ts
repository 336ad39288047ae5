import type { Position } from "../engine/replicated-engine.ts";

/** The position of the last batch of the log that is in a store's state: -1 until the state is loaded. */
export class LogPosition {
  #value: Position = -1;
  readonly #waiters = new Set<() => void>();

  get value(): Position {
    return this.#value;
  }

  /** Sets the position, and wakes those who wait for it. */
  set(value: Position): void {
    this.#value = value;
    for (const wake of [...this.#waiters]) wake();
  }

  /** Resolves when the state has the batch at this position. */
  reaches(position: Position): Promise<void> {
    if (this.#value >= position) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = (): void => {
        if (this.#value < position) return;
        this.#waiters.delete(wake);
        resolve();
      };
      this.#waiters.add(wake);
    });
  }
}
