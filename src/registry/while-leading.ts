import type { Registry } from "./registry.ts";

/**
 * Runs a task whenever this server leads. The task's signal aborts when the server ends to lead, and the next run waits for the
 * end of this one.
 */
export class WhileLeading {
  readonly #store: Registry;
  readonly #run: (signal: AbortSignal) => Promise<void>;
  #leading: AbortController | undefined;
  #ended: Promise<void> = Promise.resolve();
  #isStopped = false;

  constructor(store: Registry, run: (signal: AbortSignal) => Promise<void>) {
    this.#store = store;
    this.#run = run;
    store.onRole(() => this.#follow());
    this.#follow();
  }

  /** Ends the task for good, and resolves when it has ended. */
  stop(): Promise<void> {
    this.#isStopped = true;
    this.#leading?.abort();
    return this.#ended;
  }

  #follow(): void {
    this.#leading?.abort();
    this.#leading = undefined;
    if (this.#isStopped || !this.#store.leads) return;
    const { signal } = (this.#leading = new AbortController());
    this.#ended = this.#ended.then(() => (signal.aborted ? undefined : this.#run(signal)));
  }
}
