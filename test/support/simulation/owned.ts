import type { Findings } from "./findings.ts";

/**
 * What one client knows of a thing that only it writes. A write that was acknowledged is so; one whose answer got lost may
 * have been made, or may still be; one that was refused never will be.
 */
export class Owned {
  readonly #findings: Findings;
  readonly #promise: string;
  #possible: Set<string>;
  /** What may still be made at any time, also after later writes. */
  readonly #lingering = new Set<string>();

  constructor(findings: Findings, promise: string, value: string) {
    this.#findings = findings;
    this.#promise = promise;
    this.#possible = new Set([value]);
  }

  /** The write is on its way. Its outcome is one of the functions, to be called once; none: nobody knows. */
  write(value: string): Record<"done" | "refused" | "lingers", () => void> {
    const before = new Set(this.#possible);
    this.#possible.add(value);
    return {
      done: () => (this.#possible = new Set([value])),
      refused: () => (this.#possible = before),
      lingers: () => this.#lingering.add(value),
    };
  }

  /** What is there for certain; undefined while nobody knows. */
  get known(): string | undefined {
    const [value, other] = this.#possible;
    return other === undefined && this.#lingering.size === 0 ? value : undefined;
  }

  /** What is there, as the agent shows it. */
  see(value: string, where: string): void {
    const broken =
      this.#possible.has(value) || this.#lingering.has(value)
        ? undefined
        : `${where} is ${value}, not ${[...this.#possible].join(" or ")}`;
    this.#findings.expect(this.#promise, broken);
  }
}
