import type { Clock, Timer } from "../lib/clock.ts";
import { messageOf } from "../lib/errors.ts";
import type { CheckResult, CheckRunner, CheckWorld, ReportCheck } from "./check-runner.ts";

/** Finds out once. `signal` aborts when the check is stopped: let go of everything at once, the result is not wanted. */
export type RunOnce = (signal: AbortSignal) => Promise<CheckResult>;

export interface PeriodicOptions {
  readonly world: CheckWorld;
  readonly intervalMs: number;
  readonly report: ReportCheck;
}

/** Consul: a shorter interval is accepted and treated as this. */
const intervalMsMin = 1_000;

/**
 * Runs a check again and again.
 *
 * - The first run comes at a random time within the interval, so that a gateway that starts with hundreds of checks
 *   spreads them out; after that each check keeps its place.
 * - Runs are due at fixed times, one interval apart: neither what a run takes nor a late timer shifts those that
 *   follow. (Consul waits the interval from the end of a run, and drifts.)
 * - A run never overlaps another of the same check. One that takes longer than the interval is followed by the next at
 *   once, and the times after that count from there: runs that were missed are not made up for.
 */
export function runPeriodically(runOnce: RunOnce, options: PeriodicOptions): CheckRunner {
  return new PeriodicRunner(runOnce, options);
}

class PeriodicRunner implements CheckRunner {
  readonly #runOnce: RunOnce;
  readonly #report: ReportCheck;
  readonly #clock: Clock;
  readonly #intervalMs: number;
  readonly #stopped = new AbortController();
  #dueMs: number;
  #timer: Timer;

  constructor(runOnce: RunOnce, options: PeriodicOptions) {
    this.#runOnce = runOnce;
    this.#report = options.report;
    this.#clock = options.world.clock;
    this.#intervalMs = Math.max(options.intervalMs, intervalMsMin);
    this.#dueMs = this.#clock.monotonicMs() + options.world.random.uniform() * this.#intervalMs;
    this.#timer = this.#scheduleNext();
  }

  stop(): void {
    this.#timer.cancel();
    this.#stopped.abort();
  }

  #scheduleNext(): Timer {
    return this.#clock.schedule(this.#dueMs - this.#clock.monotonicMs(), () => void this.#run());
  }

  async #run(): Promise<void> {
    const result = await this.#runToEnd();
    if (this.#stopped.signal.aborted) return;
    this.#dueMs = Math.max(this.#dueMs + this.#intervalMs, this.#clock.monotonicMs());
    this.#timer = this.#scheduleNext();
    this.#report(result); // last: it may stop this check
  }

  async #runToEnd(): Promise<CheckResult> {
    try {
      return await this.#runOnce(this.#stopped.signal);
    } catch (thrown) {
      return { status: "critical", output: messageOf(thrown) };
    }
  }
}
