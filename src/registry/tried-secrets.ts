import type { Clock } from "../lib/clock.ts";

/** The secrets that came from one place: from an address, or for a user. */
export interface Tried {
  /** The monotonic time at which the place's present minute began. */
  startMs: number;
  /** The unknown secrets of this minute. */
  readonly unknown: Set<string>;
  /** Secrets that were right when they came, the one noted last at the end. */
  readonly used: Set<string>;
}

const usedMax = 1_000;
const minuteMs = 60_000;

/** Counts by place, and for a minute, how many different unknown secrets were tried. */
export class TriedSecrets {
  readonly #clock: Clock;
  readonly #placesMax: number;
  /** By place, the one noted last at the end. */
  readonly #places = new Map<string, Tried>();

  /** @param placesMax the number of places to remember; beyond it the one that was noted longest ago is forgotten */
  constructor(clock: Clock, placesMax: number) {
    this.#clock = clock;
    this.#placesMax = placesMax;
  }

  /** Returns what was tried at a place in a minute that is not over; undefined if nothing was. */
  known(place: string): Tried | undefined {
    const known = this.#places.get(place);
    return known && this.#clock.monotonicMs() < minuteEndMs(known) ? known : undefined;
  }

  /** Returns what was tried at a place in its present minute, which begins now if the last one is over. */
  at(place: string): Tried {
    const nowMs = this.#clock.monotonicMs();
    const known = this.#places.get(place) ?? { startMs: nowMs, unknown: new Set(), used: new Set() };
    this.#places.delete(place);
    this.#places.set(place, known);
    for (const oldest of this.#places.keys()) if (this.#places.size > this.#placesMax) this.#places.delete(oldest);
    if (nowMs - known.startMs >= minuteMs) {
      known.unknown.clear();
      known.startMs = nowMs;
    }
    return known;
  }
}

/** Returns the monotonic time at which the place's present minute ends. */
export function minuteEndMs({ startMs }: Tried): number {
  return startMs + minuteMs;
}

/** Remembers a secret that was right. Beyond 1,000 the one that was noted longest ago is forgotten. */
export function noteUsed({ used }: Tried, secret: string): void {
  used.delete(secret);
  used.add(secret);
  for (const oldest of used) if (used.size > usedMax) used.delete(oldest);
}
