/**
 * Runs a task on request, one run at a time. Requests made during a run share the next run, which begins after the last of
 * them and so sees the changes for which they were made.
 */
export class SharedRuns {
  readonly #run: () => Promise<void>;
  /** The promise that the next run waits for: the permission, and later the end of the previous run. */
  #previous: Promise<unknown>;
  #next: Promise<void> | undefined;
  #refusal: Error | undefined;

  /** @param permission no run begins before this promise resolves; if it rejects, waiting requests reject with the same error */
  constructor(permission: Promise<unknown>, run: () => Promise<void>) {
    this.#run = run;
    this.#previous = permission;
  }

  /** Requests a run that begins after this call; resolves and rejects as that run does. */
  request(): Promise<void> {
    this.#next ??= this.#runNext();
    return this.#next;
  }

  /** Prevents further runs: waiting and later requests reject with `refusal`. Resolves when the current run has ended. */
  async close(refusal: Error): Promise<void> {
    this.#refusal = refusal;
    await this.#previous;
  }

  async #runNext(): Promise<void> {
    await this.#previous;
    this.#next = undefined;
    if (this.#refusal !== undefined) throw this.#refusal;
    const running = this.#run();
    this.#previous = running.catch(() => {});
    await running;
  }
}
