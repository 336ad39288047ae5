import type { Clock, Timer } from "../lib/clock.ts";

export interface QuietPeriod {
  /** Milliseconds without a new value after which the filter delivers the last value. */
  readonly quietMs: number;
  /** Maximum milliseconds from the first value of a burst until the filter delivers the last value so far. */
  readonly maxMs: number;
}

/** Delivers the first value at once, and the last value of each later burst. */
export class BurstFilter<T> {
  readonly #clock: Clock;
  readonly #period: QuietPeriod;
  readonly #deliver: (value: T) => void;
  #quiet: Timer | undefined;
  #burstStartMs: number | undefined;
  #isFirst = true;

  constructor(clock: Clock, period: QuietPeriod, deliver: (value: T) => void) {
    this.#clock = clock;
    this.#period = period;
    this.#deliver = deliver;
  }

  push(value: T): void {
    if (this.#isFirst) {
      this.#isFirst = false;
      return this.#deliver(value);
    }
    const nowMs = this.#clock.monotonicMs();
    this.#burstStartMs ??= nowMs;
    const leftMs = this.#burstStartMs + this.#period.maxMs - nowMs;
    this.#quiet?.cancel();
    this.#quiet = this.#clock.schedule(Math.min(this.#period.quietMs, leftMs), () => {
      this.#burstStartMs = undefined;
      this.#deliver(value);
    });
  }

  /** Stops the filter and drops a value that is not delivered yet. */
  stop(): void {
    this.#quiet?.cancel();
  }
}
