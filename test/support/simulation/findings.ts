import type { Clock } from "../../../src/lib/clock.ts";

/** What was seen that must never be, in the words of who saw it. */
export class Findings {
  readonly all: string[] = [];
  readonly #clock: Clock;
  /** What was held up to a promise, by its name: a promise that nothing was held to is not shown. */
  readonly looks: Map<string, number> = new Map();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Holds something to a promise. `broken` is in words what was seen instead; undefined when it was kept. */
  expect(promise: string, broken: string | undefined): void {
    this.looks.set(promise, (this.looks.get(promise) ?? 0) + 1);
    if (broken !== undefined) this.all.push(`at ${this.#clock.monotonicMs().toFixed(0)} ms: ${promise}: ${broken}`);
  }
}
