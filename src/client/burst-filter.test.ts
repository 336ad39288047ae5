import { expect, test } from "bun:test";
import { FakeClock } from "../../test/support/fake-clock.ts";
import { BurstFilter } from "./burst-filter.ts";

function filterWith(clock: FakeClock): { filter: BurstFilter<string>; delivered: string[] } {
  const delivered: string[] = [];
  const filter = new BurstFilter<string>(clock, { quietMs: 500, maxMs: 5_000 }, (value) => delivered.push(value));
  filter.push("first");
  return { filter, delivered };
}

test("a burst filter delivers the first value at once", () => {
  expect(filterWith(new FakeClock()).delivered).toEqual(["first"]);
});

test("a burst filter delivers the last value of a burst half a second after it arrived", async () => {
  const clock = new FakeClock();
  const { filter, delivered } = filterWith(clock);
  for (const value of ["a", "b", "c"]) {
    filter.push(value);
    await clock.advance(499);
  }
  expect(delivered).toEqual(["first"]);
  await clock.advance(1);
  expect(delivered).toEqual(["first", "c"]);
});

test("a burst filter delivers a value every five seconds during an endless burst", async () => {
  const clock = new FakeClock();
  const { filter, delivered } = filterWith(clock);
  for (let at = 0; at <= 100; at++) {
    filter.push(String(at));
    await clock.advance(100);
  }
  expect(delivered).toEqual(["first", "49", "99"]);
});

test("a burst filter delivers nothing after stop", async () => {
  const clock = new FakeClock();
  const { filter, delivered } = filterWith(clock);
  filter.push("late");
  filter.stop();
  await clock.advance(10_000);
  expect(delivered).toEqual(["first"]);
});
