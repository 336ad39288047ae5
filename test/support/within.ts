import { patienceMs } from "./patience.ts";

const pauseMs = 25;

/** The least time that a condition gets to become true; a true condition costs no wait. */
const quietMsMin = 10_000;

/**
 * Retries `attempt` until it does not throw. After `quietMs`, or 10 s, on a quiet machine, and the scaled time on a
 * slower one, throws the last error. With 0 it makes one attempt.
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
