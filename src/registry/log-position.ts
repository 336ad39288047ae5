import type { Position } from "../engine/replicated-engine.ts";

/** The position of the last batch of the log that is in a store's state. */
export class LogPosition {
  /** -1 until the state is loaded. */
  value: Position = -1;
  readonly #waiters = new Set<() => void>();

  /** Resolves when the state has the batch at this position. */
  reaches(position: Position): Promise<void> {
    if (this.value >= position) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = (): void => {
        if (this.value < position) return;
        this.#waiters.delete(wake);
        resolve();
      };
      this.#waiters.add(wake);
    });
  }

  /** Wakes those who wait for the present value. */
  wake(): void {
    for (const wake of [...this.#waiters]) wake();
  }
}
