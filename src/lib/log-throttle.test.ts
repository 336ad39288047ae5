import { expect, test } from "bun:test";
import { FakeClock } from "../../test/support/fake-clock.ts";
import { LogThrottle } from "./log-throttle.ts";

test("a throttled text is logged at most once a minute", async () => {
  const clock = new FakeClock();
  const throttle = new LogThrottle(clock);
  expect([throttle.isNew("a"), throttle.isNew("a"), throttle.isNew("b")]).toEqual([true, false, true]);
  await clock.advance(59_999);
  expect(throttle.isNew("a")).toBe(false);
  await clock.advance(1);
  expect(throttle.isNew("a")).toBe(true);
});

test("the log throttle remembers only the newest 64 texts", () => {
  const throttle = new LogThrottle(new FakeClock());
  for (let n = 0; n < 1_000; n++) throttle.isNew(`text ${n}`);
  expect([throttle.isNew("text 999"), throttle.isNew("text 1")]).toEqual([false, true]);
});
