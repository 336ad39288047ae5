import type { Clock, Timer } from "../lib/clock.ts";
import { messageOf } from "../lib/errors.ts";
import type { CheckResult, CheckRunner, CheckPlatform, ReportCheck } from "./check-runner.ts";

/**
 * Runs a check once. `signal` aborts when the check is stopped: the function must then release its resources, and its result
 * is dropped.
 */
export type RunOnce = (signal: AbortSignal) => Promise<CheckResult>;

export interface PeriodicOptions {
  readonly platform: CheckPlatform;
  readonly intervalMs: number;
  readonly report: ReportCheck;
}

/** Shortest interval in milliseconds. Consul accepts a shorter interval in a definition and uses this one instead. */
const intervalMsMin = 1_000;

/**
 * Runs a check at an interval.
 *
 * - The first run is at a random time within the interval, which spreads the hundreds of checks of a starting gateway.
 * - Runs are due at fixed times, one interval apart: neither the duration of a run nor a late timer shifts later runs.
 *   (Consul waits the interval from the end of a run, so its runs drift.)
 * - Runs of a check never overlap. After a run that took longer than the interval, the next run begins at once, and later runs
 *   are due one interval apart from then on: missed runs are not repeated.
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
  #underWay: Promise<void> | undefined;

  constructor(runOnce: RunOnce, options: PeriodicOptions) {
    this.#runOnce = runOnce;
    this.#report = options.report;
    this.#clock = options.platform.clock;
    this.#intervalMs = Math.max(options.intervalMs, intervalMsMin);
    this.#dueMs = this.#clock.monotonicMs() + options.platform.random.uniform() * this.#intervalMs;
    this.#timer = this.#scheduleNext();
  }

  stop(): void {
    this.#timer.cancel();
    this.#stopped.abort();
  }

  runNow(): Promise<void> {
    if (this.#stopped.signal.aborted) return Promise.resolve();
    this.#timer.cancel();
    return this.#run();
  }

  #scheduleNext(): Timer {
    return this.#clock.schedule(this.#dueMs - this.#clock.monotonicMs(), () => void this.#run());
  }

  /** Begins a run, unless one is under way; resolves when it has ended. */
  #run(): Promise<void> {
    return (this.#underWay ??= this.#runAndReport());
  }

  async #runAndReport(): Promise<void> {
    const isDue = this.#clock.monotonicMs() >= this.#dueMs;
    const result = await this.#runToEnd();
    this.#underWay = undefined;
    if (this.#stopped.signal.aborted) return;
    if (isDue) this.#dueMs = Math.max(this.#dueMs + this.#intervalMs, this.#clock.monotonicMs());
    this.#timer = this.#scheduleNext();
    this.#report(result); // must be the last step: the callback may stop this check
  }

  async #runToEnd(): Promise<CheckResult> {
    try {
      return await this.#runOnce(this.#stopped.signal);
    } catch (thrown) {
      return { status: "critical", output: messageOf(thrown) };
    }
  }
}
