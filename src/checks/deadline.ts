import type { Clock } from "../lib/clock.ts";

export interface DeadlineOptions {
  readonly clock: Clock;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

export interface Deadline {
  /** Idempotent; afterwards nothing is called any more and nothing is held. */
  clear(): void;
}

/** Calls `onEnd` once: when the time is up, or when the check is stopped, at once if it already was. */
export function startDeadline(options: DeadlineOptions, onEnd: () => void): Deadline {
  const { clock, timeoutMs, signal } = options;
  const clear = (): void => {
    timer.cancel();
    signal.removeEventListener("abort", end);
  };
  const end = (): void => {
    clear();
    onEnd();
  };
  const timer = clock.schedule(signal.aborted ? 0 : timeoutMs, end);
  signal.addEventListener("abort", end);
  return { clear };
}
