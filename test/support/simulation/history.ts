import type { Clock } from "../../../src/lib/clock.ts";
import type { LineAnswer } from "../linearizability/line.ts";

const linesMax = 400;
/** Matches times of the wall clock in answers of core-keeper's API and about trials; that clock jumps, so the history leaves them out. */
const wallTimes = /"(?:(?:created|modified)":-?\d+|(?:StartedAt|EndsAt|EndedAt)":"[^"]+"),/gi;

/** Records all answers in order: their hash, and the last ones as text. */
export class History {
  readonly #clock: Clock;
  readonly #lines: string[] = [];
  #hash = 0n;
  count = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(what: string, answer?: LineAnswer): void {
    const told = answer ? ` -> ${answer.status} ${answer.index} ${answer.body.replaceAll(wallTimes, "")}` : "";
    const line = `${this.#clock.monotonicMs().toFixed(3)} ${what}${told}`;
    this.#hash = Bun.hash.wyhash(line, this.#hash);
    this.count += 1;
    this.#lines.push(line.length > 300 ? `${line.slice(0, 300)}...` : line);
    if (this.#lines.length > linesMax) this.#lines.shift();
  }

  get hash(): string {
    return this.#hash.toString(16);
  }

  get lastLines(): readonly string[] {
    return this.#lines;
  }
}
