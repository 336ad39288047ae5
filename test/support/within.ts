import { patienceMs } from "./patience.ts";

const pauseMs = 25;

/** What a condition that becomes true by itself is given at least: waiting for it costs nothing when it holds. */
const quietMsMin = 10_000;

/**
 * Repeats `attempt` until it does not throw. When it still throws after `quietMs`, or 10 s, on a quiet machine, and as
 * much longer as this machine is slower, throws what it threw last. With 0 there is one attempt.
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
