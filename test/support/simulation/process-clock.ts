import type { Clock, Timer } from "../../../src/lib/clock.ts";

const noTimer: Timer = { cancel: () => {} };

/** A process' share of the clock: its timers are counted, and end with it. */
export class ProcessClock implements Clock {
  readonly #clock: Clock;
  readonly #timers = new Set<Timer>();
  #ended = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  wallMs(): number {
    return this.#clock.wallMs();
  }

  monotonicMs(): number {
    return this.#clock.monotonicMs();
  }

  schedule(delayMs: number, run: () => void): Timer {
    if (this.#ended) return noTimer;
    const waiting = this.#clock.schedule(delayMs, () => {
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

  /** How many timers are waiting. */
  get timerCount(): number {
    return this.#timers.size;
  }

  /** As in a crash: nothing of the process runs any more. */
  end(): void {
    this.#ended = true;
    for (const timer of [...this.#timers]) timer.cancel();
  }
}
