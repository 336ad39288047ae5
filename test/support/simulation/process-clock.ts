import type { Clock, Timer } from "../../../src/lib/clock.ts";

import type { Mutation } from "./mutation.ts";

/** The part of the true time that the clock of the fault "the clock runs fast" takes for the whole. */
const fast = 0.6;

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
    if (this.#mutation === "time comes from the wall clock") return this.#clock.wallMs();
    return this.#clock.monotonicMs() / this.#pace;
  }

  schedule(delayMs: number, run: () => void): Timer {
    if (this.#ended) return noTimer;
    const waiting = this.#clock.schedule(delayMs * this.#pace, () => {
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

  get #pace(): number {
    return this.#mutation === "the clock runs fast" ? fast : 1;
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
