/**
 * Runs a task as often as it is asked for, one run at a time. Requests that come while a run goes on share the next one,
 * which begins after all of them: it sees whatever they were made for.
 */
export class SharedRuns {
  readonly #run: () => Promise<void>;
  /** What the next run waits for: at first the permission to begin, then the run before it. */
  #before: Promise<unknown>;
  #next: Promise<void> | undefined;
  #refusal: Error | undefined;

  /** @param permission no run begins before it resolves; when it rejects, the requests that wait reject alike */
  constructor(permission: Promise<unknown>, run: () => Promise<void>) {
    this.#run = run;
    this.#before = permission;
  }

  /** Resolves and rejects as the run does that begins after this call. */
  request(): Promise<void> {
    this.#next ??= this.#runNext();
    return this.#next;
  }

  /** Begins no more runs: requests reject with `refusal`. Resolves when the run under way has ended. */
  async close(refusal: Error): Promise<void> {
    this.#refusal = refusal;
    await this.#before;
  }

  async #runNext(): Promise<void> {
    await this.#before;
    this.#next = undefined;
    if (this.#refusal !== undefined) throw this.#refusal;
    const running = this.#run();
    this.#before = running.catch(() => {});
    await running;
  }
}
