import type { Clock } from "./clock.ts";

const windowMs = 60_000;
const textsMax = 64;

/** Limits each log text to once a minute, so that a lasting fault does not fill the log. */
export class LogThrottle {
  readonly #clock: Clock;
  /** For each text, the monotonic time in milliseconds at which it was last logged; oldest first. */
  readonly #loggedMs = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Returns whether to log the text now; if so, it is suppressed for the next minute. */
  isNew(text: string): boolean {
    const nowMs = this.#clock.monotonicMs();
    const loggedMs = this.#loggedMs.get(text);
    if (loggedMs !== undefined && nowMs - loggedMs < windowMs) return false;
    this.#loggedMs.delete(text);
    this.#loggedMs.set(text, nowMs);
    for (const oldest of this.#loggedMs.keys()) if (this.#loggedMs.size > textsMax) this.#loggedMs.delete(oldest);
    return true;
  }
}
