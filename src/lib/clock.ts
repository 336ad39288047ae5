/**
 * The only source of time and timers in Praetor. Tests pass a clock that they advance. Durations use the monotonic
 * reading only, because a gateway's wall clock may start in 1970 and jump.
 */
export interface Clock {
  /** Returns the wall-clock time in milliseconds since 1970. For display only: the wall clock may jump in either direction. */
  wallMs(): number;
  /** Returns the milliseconds since an arbitrary start, for durations and deadlines. The value never decreases. */
  monotonicMs(): number;
  /** Calls `run` once, after at least `delayMs` milliseconds. */
  schedule(delayMs: number, run: () => void): Timer;
}

export interface Timer {
  /** Cancels the timer: `run` is not called after this returns. Idempotent. */
  cancel(): void;
}

/** Maximum delay of setTimeout, in milliseconds: 25 days. A longer timer would fire at once, so the clock splits its delay. */
const delayMsMax = 2 ** 31 - 1;

/** The clock of the agent and of commands. A pending timer does not keep the process alive. */
export const systemClock: Clock = {
  wallMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  schedule: (delayMs, run) => schedule(delayMs, { run, start: startUnreferenced }),
};

/**
 * The clock of the published client package. A pending timer keeps the process alive, so that a program which only waits to
 * reach its agent again does not exit. It also works in browsers, whose timers have no `unref`.
 */
export const wakefulClock: Clock = {
  ...systemClock,
  schedule: (delayMs, run) => schedule(delayMs, { run, start: (fire, ms) => setTimeout(fire, ms) }),
};

type TimerHandle = ReturnType<typeof setTimeout>;
type StartTimer = (fire: () => void, delayMs: number) => TimerHandle;

function startUnreferenced(fire: () => void, delayMs: number): TimerHandle {
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

/** Keeps the process alive even if only unreferenced timers are pending, until the returned function is called. */
export function keepProcessAlive(): () => void {
  const handle = setInterval(() => {}, delayMsMax);
  return () => clearInterval(handle);
}

/** Resolves after `delayMs` milliseconds, or at once when `signal` aborts. `signal.aborted` tells the caller which happened. */
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
