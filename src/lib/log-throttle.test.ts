import { expect, test } from "bun:test";
import { FakeClock } from "../../test/support/fake-clock.ts";
import { LogThrottle } from "./log-throttle.ts";

test("a text is new once a minute", async () => {
  const clock = new FakeClock();
  const told = new LogThrottle(clock);
  expect([told.isNew("a"), told.isNew("a"), told.isNew("b")]).toEqual([true, false, true]);
  await clock.advance(59_999);
  expect(told.isNew("a")).toBe(false);
  await clock.advance(1);
  expect(told.isNew("a")).toBe(true);
});

test("of many texts only the newest are remembered", () => {
  const told = new LogThrottle(new FakeClock());
  for (let n = 0; n < 1_000; n++) told.isNew(`text ${n}`);
  expect([told.isNew("text 999"), told.isNew("text 1")]).toEqual([false, true]);
});
