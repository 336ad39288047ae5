import { afterEach, beforeEach, describe, expect, jest, test } from "bun:test";
import { FakeClock } from "../../test/support/fake-clock.ts";
import { sleep, systemClock, wakefulClock } from "./clock.ts";

const day = 86_400_000;

/** Tests with the runtime's fake timers, since a test cannot wait for a timer of 25 days. */
describe.each([
  ["systemClock", systemClock],
  ["wakefulClock", wakefulClock],
])("the clock %s", (_name, clock) => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());

  test.each([0, 1, day, 24 * day, 25 * day, 100 * day])(
    "fires a timer of %d ms exactly once, and not before that time",
    (delayMs) => {
      let fired = 0;
      clock.schedule(delayMs, () => (fired += 1));
      if (delayMs > 0) advance(delayMs - 1);
      expect(fired).toBe(0);
      advance(1);
      expect(fired).toBe(1);
      advance(delayMs);
      expect(fired).toBe(1);
    },
  );

  test.each([day, 100 * day])("never fires a cancelled timer of %d ms", (delayMs) => {
    let fired = 0;
    const timer = clock.schedule(delayMs, () => (fired += 1));
    advance(delayMs / 2);
    timer.cancel();
    timer.cancel();
    advance(delayMs);
    expect([fired, jest.getTimerCount()]).toEqual([0, 0]);
  });
});

/** Advances the fake timers one day at a time: one call of the runtime can advance them by at most 49 days. */
function advance(ms: number): void {
  for (let left = ms; left > 0; left -= day) jest.advanceTimersByTime(Math.min(left, day));
}

test("a pending timer of wakefulClock keeps a program running, and one of systemClock does not", async () => {
  const program = (clock: string): string =>
    `import { ${clock} } from "${import.meta.dir}/clock.ts"; ${clock}.schedule(20, () => console.log("fired"));`;
  const printed = (clock: string): Promise<string> =>
    new Response(Bun.spawn([process.execPath, "-e", program(clock)]).stdout).text();
  expect(await printed("wakefulClock")).toBe("fired\n");
  expect(await printed("systemClock")).toBe("");
});

describe("sleep", () => {
  test("resolves after the delay, or at once when its signal aborts, and leaves no timer", async () => {
    const clock = new FakeClock();
    let over = false;
    void sleep(clock, 1_000).then(() => (over = true));
    await clock.advance(999);
    expect(over).toBe(false);
    await clock.advance(1);
    expect(over).toBe(true);
    const stopping = new AbortController();
    const aborted = sleep(clock, 1_000, stopping.signal);
    stopping.abort();
    await aborted;
    await sleep(clock, 1_000, stopping.signal);
    expect(clock.timerCount).toBe(0);
  });
});
