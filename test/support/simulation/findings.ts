import type { Clock } from "../../../src/lib/clock.ts";

/** Broken promises, each with a description of what was observed. */
export class Findings {
  readonly all: string[] = [];
  readonly #clock: Clock;
  /** How often each promise was checked, by its name: a promise that was never checked does not appear. */
  readonly looks: Map<string, number> = new Map();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Checks a promise. `broken` describes what was observed instead; undefined when the promise was kept. */
  expect(promise: string, broken: string | undefined): void {
    this.looks.set(promise, (this.looks.get(promise) ?? 0) + 1);
    if (broken !== undefined) this.all.push(`at ${this.#clock.monotonicMs().toFixed(0)} ms: ${promise}: ${broken}`);
  }
}
