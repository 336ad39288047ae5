import { patienceMs } from "./patience.ts";

const pauseMs = 25;

/** Minimum time for retries, in milliseconds. An attempt that succeeds at once takes none of it. */
const quietMsMin = 10_000;

/**
 * Retries `attempt` until it succeeds, and returns its result. Throws its last error after `quietMs`, which is raised to 10 s if
 * it is less, and scaled up on a slow or busy machine. If `quietMs` is 0, makes one attempt.
 */
export async function within<Result>(quietMs: number, attempt: () => Promise<Result>): Promise<Result> {
  const startMs = performance.now();
  const waitMs = quietMs === 0 ? 0 : Math.max(quietMs, quietMsMin);
  for (;;) {
    try {
      return await attempt();
    } catch (thrown) {
      const tookMs = performance.now() - startMs;
      if (tookMs > waitMs && tookMs > patienceMs(waitMs)) throw thrown;
      await Bun.sleep(pauseMs);
    }
  }
}
