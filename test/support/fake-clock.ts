import type { Clock, Timer } from "../../src/lib/clock.ts";
import { settle } from "./settle.ts";

interface Waiting {
  readonly atMs: number;
  readonly order: number;
  readonly run: () => void;
}

/**
 * A clock that moves only when a test moves it. Timers fire in the order of their times, and in the order of their creation when
 * the times are equal. After each timer, pending promises settle before the next timer fires.
 */
export class FakeClock implements Clock {
  #monotonicMs = 0;
  #wallMs: number;
  #made = 0;
  readonly #waiting = new Set<Waiting>();

  readonly #settle: () => Promise<void>;

  /** @param letGoOn runs pending promises until all of them wait for a timer again */
  constructor(wallMs: number = Date.UTC(2026, 0, 1), letGoOn: () => Promise<void> = settle) {
    this.#wallMs = wallMs;
    this.#settle = letGoOn;
  }

  /** Returns whole milliseconds, as the real clock does. */
  wallMs(): number {
    return Math.floor(this.#wallMs);
  }

  monotonicMs(): number {
    return this.#monotonicMs;
  }

  schedule(delayMs: number, run: () => void): Timer {
    const waiting: Waiting = { atMs: this.#monotonicMs + Math.max(0, delayMs), order: this.#made++, run };
    this.#waiting.add(waiting);
    return { cancel: () => void this.#waiting.delete(waiting) };
  }

  /** Returns the number of pending timers. After everything is stopped, it must be 0: otherwise a timer leaks. */
  get timerCount(): number {
    return this.#waiting.size;
  }

  /** Moves the monotonic and the wall clock forward, and fires the timers that become due. */
  async advance(ms: number): Promise<void> {
    const endMs = this.#monotonicMs + ms;
    for (let next = this.#nextUntil(endMs); next !== undefined; next = this.#nextUntil(endMs)) {
      this.#waiting.delete(next);
      this.#moveTo(Math.max(next.atMs, this.#monotonicMs));
      next.run();
      await this.#settle();
    }
    this.#moveTo(endMs);
    await this.#settle();
  }

  /** Moves the clocks and fires no timer, as while the process is stopped: due timers fire late, with the next `advance`. */
  pause(ms: number): void {
    this.#moveTo(this.#monotonicMs + ms);
  }

  /** Moves only the wall clock, in either direction, as when a gateway first reaches a time server. */
  jumpWall(ms: number): void {
    this.#wallMs += ms;
  }

  #moveTo(monotonicMs: number): void {
    this.#wallMs += monotonicMs - this.#monotonicMs;
    this.#monotonicMs = monotonicMs;
  }

  #nextUntil(endMs: number): Waiting | undefined {
    let next: Waiting | undefined;
    for (const waiting of this.#waiting) {
      if (waiting.atMs > endMs) continue;
      if (next === undefined || isBefore(waiting, next)) next = waiting;
    }
    return next;
  }
}

function isBefore(left: Waiting, right: Waiting): boolean {
  return left.atMs === right.atMs ? left.order < right.order : left.atMs < right.atMs;
}
