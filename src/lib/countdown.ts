import type { Clock, Timer } from "./clock.ts";

/**
 * A timer that is restarted much more often than it ends, such as that of a heartbeat. A restart only notes the new end: the clock's
 * timer runs on, and is started for the rest when it ends too early.
 */
export class Countdown {
  readonly #clock: Clock;
  readonly #delayMs: number;
  readonly #onEnd: () => void;
  #endMs = 0;
  #timer: Timer | undefined;

  /** Starts the countdown. */
  constructor(clock: Clock, delayMs: number, onEnd: () => void) {
    this.#clock = clock;
    this.#delayMs = delayMs;
    this.#onEnd = onEnd;
    this.restart();
  }

  /** Counts the whole delay from now, also after the end. */
  restart(): void {
    this.#endMs = this.#clock.monotonicMs() + this.#delayMs;
    this.#timer ??= this.#clock.schedule(this.#delayMs, () => this.#end());
  }

  cancel(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #end(): void {
    this.#timer = undefined;
    const leftMs = this.#endMs - this.#clock.monotonicMs();
    if (leftMs > 0) this.#timer = this.#clock.schedule(leftMs, () => this.#end());
    else this.#onEnd();
  }
}
