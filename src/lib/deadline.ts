import type { Clock } from "./clock.ts";

export interface DeadlineOptions {
  readonly clock: Clock;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

export interface Deadline {
  /** Cancels the deadline: `onEnd` is not called afterwards; the timer and the handler of `signal` are removed. Idempotent. */
  clear(): void;
}

/** Calls `onEnd` once: when the time is up, or when `signal` aborts because its owner stops. */
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
