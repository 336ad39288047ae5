const pauseMs = 25;

/** Repeats `attempt` until it does not throw; throws what it threw last when the time is up. */
export async function within<Result>(milliseconds: number, attempt: () => Promise<Result>): Promise<Result> {
  const deadline = performance.now() + milliseconds;
  for (;;) {
    try {
      return await attempt();
    } catch (thrown) {
      if (performance.now() > deadline) throw thrown;
      await Bun.sleep(pauseMs);
    }
  }
}
