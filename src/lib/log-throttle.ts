import type { Clock } from "./clock.ts";

const forMs = 60_000;
const textsMax = 64;

/** Knows what was said within the last minute, so that what goes on is not said each time. */
export class LogThrottle {
  readonly #clock: Clock;
  /** When each text was said, oldest first. */
  readonly #saidMs = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether the text is to be said; from then on it is not, for a minute. */
  isNew(text: string): boolean {
    const nowMs = this.#clock.monotonicMs();
    const saidMs = this.#saidMs.get(text);
    if (saidMs !== undefined && nowMs - saidMs < forMs) return false;
    this.#saidMs.delete(text);
    this.#saidMs.set(text, nowMs);
    for (const oldest of this.#saidMs.keys()) if (this.#saidMs.size > textsMax) this.#saidMs.delete(oldest);
    return true;
  }
}
