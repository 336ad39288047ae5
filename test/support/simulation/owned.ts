import type { Findings } from "./findings.ts";

/**
 * What one client knows of a value that only this client writes. An acknowledged write was made; a write whose answer
 * was lost may have been made, or may still be made later; a refused write never will be.
 */
export class Owned {
  readonly #findings: Findings;
  readonly #promise: string;
  #possible: Set<string>;
  /** Values that may still be written at any time, also after later writes. */
  readonly #lingering = new Set<string>();

  constructor(findings: Findings, promise: string, value: string) {
    this.#findings = findings;
    this.#promise = promise;
    this.#possible = new Set([value]);
  }

  /**
   * Records a write that is being sent. The caller calls one of the functions with its outcome, or none when the
   * outcome stays unknown.
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

  /** The certain value; undefined while several are possible. */
  get known(): string | undefined {
    const [value, other] = this.#possible;
    return other === undefined && this.#lingering.size === 0 ? value : undefined;
  }

  /** Checks a value that the agent showed. */
  see(value: string, where: string): void {
    const broken =
      this.#possible.has(value) || this.#lingering.has(value)
        ? undefined
        : `${where} is ${value}, not ${[...this.#possible].join(" or ")}`;
    this.#findings.expect(this.#promise, broken);
  }
}
