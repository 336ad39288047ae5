import { type Clock, sleep } from "../../lib/clock.ts";
import { messageOf } from "../../lib/errors.ts";
import type { ServiceLog } from "./service-log.ts";
import type { StartLimits } from "./start-settings.ts";

export type Attempt = (signal: AbortSignal) => Promise<void>;

export interface StartTimerOptions {
  readonly clock: Clock;
  readonly log: ServiceLog;
  /** The time at which the start began, in milliseconds of the monotonic clock. */
  readonly startedMs: number;
  readonly limits: StartLimits;
  /** Aborts when the service stops. */
  readonly stopping: AbortSignal;
}

const pauseMaxMs = 30_000;

/**
 * Repeats attempts to reach the configuration provider and the registry. All attempts of the start share one time limit. After
 * the limit, attempts can continue in the background, at pauses that grow to half a minute.
 */
export class StartTimer {
  readonly #options: StartTimerOptions;
  #lastFailure = "no answer yet";

  constructor(options: StartTimerOptions) {
    this.#options = options;
  }

  get lastFailure(): string {
    return this.#lastFailure;
  }

  /** Repeats the attempt until it succeeds (true), or until the time limit (false), which aborts an attempt under way. */
  async tryUntilLimit(attempt: Attempt): Promise<boolean> {
    const { clock, stopping, limits, startedMs } = this.#options;
    const leftMs = startedMs + limits.limitMs - clock.monotonicMs();
    if (leftMs <= 0) return false;
    const limit = new AbortController();
    const timer = clock.schedule(leftMs, () => limit.abort());
    const ending = AbortSignal.any([stopping, limit.signal]);
    try {
      while (!ending.aborted) {
        if (await this.#try(attempt, ending)) return true;
        await sleep(clock, limits.intervalMs, ending);
      }
      stopping.throwIfAborted();
      return false;
    } finally {
      timer.cancel();
    }
  }

  /** Repeats the attempt until it succeeds or the service stops. */
  async tryInBackground(attempt: Attempt): Promise<void> {
    const { clock, stopping, limits } = this.#options;
    let pauseMs = limits.intervalMs;
    while (!stopping.aborted) {
      await sleep(clock, pauseMs, stopping);
      if (stopping.aborted || (await this.#try(attempt, stopping))) return;
      pauseMs = Math.min(pauseMs * 2, pauseMaxMs);
    }
  }

  async #try(attempt: Attempt, signal: AbortSignal): Promise<boolean> {
    try {
      await attempt(signal);
      return true;
    } catch (thrown) {
      if (signal.aborted) return false;
      this.#lastFailure = messageOf(thrown);
      this.#options.log.warn(this.#lastFailure);
      return false;
    }
  }
}
