import type { Clock } from "../../../src/lib/clock.ts";

/** Records broken promises, each with a description of what was observed. */
export class Findings {
  readonly all: string[] = [];
  readonly #clock: Clock;
  /** How often each promise was checked, by its name. A promise that was never checked has no entry. */
  readonly looks: Map<string, number> = new Map();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Counts one test of the promise. `broken` describes what was observed if the promise was broken; undefined if it was kept. */
  expect(promise: string, broken: string | undefined): void {
    this.looks.set(promise, (this.looks.get(promise) ?? 0) + 1);
    if (broken !== undefined) this.all.push(`at ${this.#clock.monotonicMs().toFixed(0)} ms: ${promise}: ${broken}`);
  }
}
