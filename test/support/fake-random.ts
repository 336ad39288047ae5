import type { Random } from "../../src/lib/random.ts";

/** A source of random values that are the same for the same seed (mulberry32), so that a failed run can be repeated. */
export class FakeRandom implements Random {
  #state: number;

  constructor(seed: number = 1) {
    this.#state = seed >>> 0;
  }

  uniform(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  uuid(): string {
    const digits = Array.from({ length: 32 }, () => Math.floor(this.uniform() * 16).toString(16));
    digits[12] = "4";
    digits[16] = (8 + Math.floor(this.uniform() * 4)).toString(16);
    const text = digits.join("");
    return [text.slice(0, 8), text.slice(8, 12), text.slice(12, 16), text.slice(16, 20), text.slice(20)].join("-");
  }
}
