import type { Findings } from "./findings.ts";

/**
 * Tracks the possible values of an item that only one client writes. An acknowledged write has happened. A write whose answer was
 * lost may have happened, or may still happen later. A refused write never happens.
 */
export class Owned {
  readonly #findings: Findings;
  readonly #promise: string;
  #possible: Set<string>;
  /** Values whose writes may still happen at any time, also after later writes. */
  readonly #lingering = new Set<string>();

  constructor(findings: Findings, promise: string, value: string) {
    this.#findings = findings;
    this.#promise = promise;
    this.#possible = new Set([value]);
  }

  /**
   * Records a write that is being sent. The caller calls the returned function that names the outcome of the write, or none of
   * them when the outcome stays unknown.
   */
  write(value: string): Record<"done" | "refused" | "lingers", () => void> {
    const before = new Set(this.#possible);
    this.#possible.add(value);
    return {
      done: () => (this.#possible = new Set([value])),
      refused: () => (this.#possible = before),
      lingers: () => this.#lingering.add(value),
    };
  }

  /** Returns the value if it is certain; undefined while several are possible. */
  get known(): string | undefined {
    const [value, other] = this.#possible;
    return other === undefined && this.#lingering.size === 0 ? value : undefined;
  }

  /** Records a finding unless the value in an answer of the agent is one of the possible values. */
  see(value: string, where: string): void {
    const broken =
      this.#possible.has(value) || this.#lingering.has(value)
        ? undefined
        : `${where} is ${value}, not ${[...this.#possible].join(" or ")}`;
    this.#findings.expect(this.#promise, broken);
  }
}
