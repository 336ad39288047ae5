import { expect, test } from "bun:test";
import { FakeClock } from "../../test/support/fake-clock.ts";
import { Countdown } from "./countdown.ts";

function startCountdown(): { clock: FakeClock; countdown: Countdown; ends: number[] } {
  const clock = new FakeClock();
  const ends: number[] = [];
  const startMs = clock.monotonicMs();
  const countdown = new Countdown(clock, 1_000, () => ends.push(clock.monotonicMs() - startMs));
  return { clock, countdown, ends };
}

test("a countdown ends once, its delay after the last restart", async () => {
  const { clock, countdown, ends } = startCountdown();
  for (let beat = 0; beat < 7; beat++) {
    await clock.advance(700);
    countdown.restart();
  }
  await clock.advance(999);
  expect(ends).toEqual([]);
  await clock.advance(5_000);
  expect(ends).toEqual([7 * 700 + 1_000]);
});

test("a restart after the end counts the whole delay again", async () => {
  const { clock, countdown, ends } = startCountdown();
  await clock.advance(1_500);
  countdown.restart();
  await clock.advance(1_500);
  expect(ends).toEqual([1_000, 2_500]);
});

test("a cancelled countdown does not end, also when it has been restarted before", async () => {
  const { clock, countdown, ends } = startCountdown();
  await clock.advance(500);
  countdown.restart();
  countdown.cancel();
  await clock.advance(5_000);
  expect(ends).toEqual([]);
});
