import type { Clock, Timer } from "../../../src/lib/clock.ts";

import type { Mutation } from "./mutation.ts";

const noTimer: Timer = { cancel: () => {} };

/** The clock of one simulated process: it counts the process's timers, and stops them when the process ends. */
export class ProcessClock implements Clock {
  readonly #clock: Clock;
  readonly #mutation: Mutation | undefined;
  readonly #timers = new Set<Timer>();
  #ended = false;

  constructor(clock: Clock, mutation?: Mutation) {
    this.#clock = clock;
    this.#mutation = mutation;
  }

  wallMs(): number {
    return this.#clock.wallMs();
  }

  monotonicMs(): number {
    return this.#mutation === "time comes from the wall clock" ? this.#clock.wallMs() : this.#clock.monotonicMs();
  }

  schedule(delayMs: number, run: () => void): Timer {
    if (this.#ended) return noTimer;
    const isEarly = this.#mutation === "timers fire early" && delayMs > 5_000;
    const waiting = this.#clock.schedule(isEarly ? delayMs * 0.6 : delayMs, () => {
      this.#timers.delete(timer);
      run();
    });
    const timer: Timer = {
      cancel: () => {
        this.#timers.delete(timer);
        waiting.cancel();
      },
    };
    this.#timers.add(timer);
    return timer;
  }

  /** Returns the number of pending timers. */
  get timerCount(): number {
    return this.#timers.size;
  }

  /** Stops the process's timers, as in a crash. */
  end(): void {
    this.#ended = true;
    for (const timer of [...this.#timers]) timer.cancel();
  }
}
