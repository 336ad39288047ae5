/**
 * Every timer and every reading of time in Praetor goes through a Clock, so that tests move time by hand and gateways
 * whose wall clock starts in 1970 and jumps are safe: durations use the monotonic reading only.
 */
export interface Clock {
  /** Wall-clock time in milliseconds since 1970; may jump in either direction. For display only. */
  wallMs(): number;
  /** Milliseconds from an arbitrary start; never goes back. For durations and deadlines. */
  monotonicMs(): number;
  /** Calls `run` once, after at least `delayMs`. The timer alone does not keep the process alive. */
  schedule(delayMs: number, run: () => void): Timer;
}

export interface Timer {
  /** Idempotent; after it returns `run` is not called any more. */
  cancel(): void;
}

/** setTimeout fires at once when asked to wait longer than this, 25 days: longer waits are made of several. */
const delayMsMax = 2 ** 31 - 1;

export const systemClock: Clock = {
  wallMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  schedule: (delayMs, run) => schedule(delayMs, { run, start: startQuietly }),
};

/**
 * As systemClock, but a timer that waits keeps the process alive. For programs that others write: one that only waits for a
 * lost agent must not end by that. It runs in browsers, too, where nothing keeps a page.
 */
export const wakefulClock: Clock = {
  ...systemClock,
  schedule: (delayMs, run) => schedule(delayMs, { run, start: (fire, ms) => setTimeout(fire, ms) }),
};

type TimerHandle = ReturnType<typeof setTimeout>;
type StartTimer = (fire: () => void, delayMs: number) => TimerHandle;

function startQuietly(fire: () => void, delayMs: number): TimerHandle {
  return setTimeout(fire, delayMs).unref();
}

function schedule(delayMs: number, { run, start }: { readonly run: () => void; readonly start: StartTimer }): Timer {
  const startFor = (ms: number): TimerHandle => start(fire, Math.min(Math.max(ms, 0), delayMsMax));
  let handle = startFor(delayMs);
  let leftMs = delayMs - delayMsMax;
  function fire(): void {
    if (leftMs <= 0) return run();
    handle = startFor(leftMs);
    leftMs -= delayMsMax;
  }
  return { cancel: () => clearTimeout(handle) };
}

/** For a program that may be waiting for nothing but a timer; until process.exit, or until what it returns is called. */
export function keepProcessAlive(): () => void {
  const handle = setInterval(() => {}, delayMsMax);
  return () => clearInterval(handle);
}

/** Resolves after `delayMs`, or at once when `signal` aborts; which of the two, the caller reads from the signal. */
export function sleep(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const done = (): void => {
      timer.cancel();
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const timer = clock.schedule(delayMs, done);
    signal?.addEventListener("abort", done, { once: true });
  });
}
