import { patienceMs } from "./patience.ts";

const pauseMs = 25;

/** Minimum time in which a condition may become true, in milliseconds. A condition that is true at once costs no time. */
const quietMsMin = 10_000;

/**
 * Retries `attempt` until it does not throw. After `quietMs` (at least 10 s), scaled from a quiet machine to this one, it throws
 * the last error. With 0 it makes one attempt.
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
