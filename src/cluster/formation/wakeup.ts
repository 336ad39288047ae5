import { type Clock, sleep } from "../../lib/clock.ts";

/** Lets a loop sleep until something has happened. A call while the loop is awake ends its next sleep at once. */
export class Wakeup {
  readonly #clock: Clock;
  #next = new AbortController();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  call(): void {
    this.#next.abort();
  }

  /** Resolves after `ms`, or at a call since the last wait began. */
  async wait(ms: number): Promise<void> {
    await sleep(this.#clock, ms, this.#next.signal);
    if (this.#next.signal.aborted) this.#next = new AbortController();
  }
}
