import { describe, expect, test } from "bun:test";
import { FakeClock } from "../../../test/support/fake-clock.ts";
import { rejectionOf } from "../../../test/support/rejection.ts";
import { StartTimer } from "./start-timer.ts";

function timing() {
  const clock = new FakeClock();
  const stopping = new AbortController();
  const warned: string[] = [];
  const ignore = (): void => {};
  const timer = new StartTimer({
    clock,
    log: { debug: ignore, info: ignore, warn: (line) => warned.push(line), error: ignore },
    startedMs: clock.monotonicMs(),
    limits: { limitMs: 30_000, intervalMs: 1_000 },
    stopping: stopping.signal,
  });
  let attempts = 0;
  const failing = async (): Promise<void> => {
    attempts += 1;
    throw new Error(`failure ${attempts}`);
  };
  return { clock, stopping, warned, timer, failing, attempts: () => attempts };
}

describe("tryUntilLimit", () => {
  test("tries at once, then every interval, until an attempt succeeds", async () => {
    const { timer, clock, attempts, failing, warned } = timing();
    const trying = timer.tryUntilLimit(() => (attempts() < 3 ? failing() : Promise.resolve()));
    await clock.advance(0);
    await clock.advance(2_999);
    expect(attempts()).toBe(3);
    await clock.advance(1);
    expect(await trying).toBe(true);
    expect(warned).toEqual(["failure 1", "failure 2", "failure 3"]);
    expect(clock.timerCount).toBe(0);
  });

  test("gives up at the time limit, which all calls share: a later call gives up at once", async () => {
    const { timer, clock, attempts, failing } = timing();
    const first = timer.tryUntilLimit(failing);
    await clock.advance(0);
    await clock.advance(29_999);
    expect(attempts()).toBe(30);
    await clock.advance(1);
    expect(await first).toBe(false);
    expect(await timer.tryUntilLimit(failing)).toBe(false);
    expect({ attempts: attempts(), last: timer.lastFailure }).toEqual({ attempts: 30, last: "failure 30" });
  });

  test("aborts, at the time limit, an attempt that never ends", async () => {
    const { timer, clock } = timing();
    const trying = timer.tryUntilLimit(
      (signal) => new Promise((_, reject) => signal.addEventListener("abort", () => reject(new Error("ended")))),
    );
    await clock.advance(30_000);
    expect(await trying).toBe(false);
    expect(timer.lastFailure).toBe("no answer yet");
  });

  test("rejects at once when the service stops", async () => {
    const { timer, clock, stopping, failing } = timing();
    const trying = rejectionOf(timer.tryUntilLimit(failing));
    await clock.advance(1_500);
    stopping.abort(new Error("stopped"));
    expect((await trying).message).toBe("stopped");
    expect(clock.timerCount).toBe(0);
  });
});

describe("tryInBackground", () => {
  test("pauses twice as long after each failure, up to half a minute", async () => {
    const { timer, clock, attempts, failing } = timing();
    void timer.tryInBackground(failing);
    for (const [at, pauseMs] of [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000].entries()) {
      await clock.advance(pauseMs - 1);
      expect(attempts()).toBe(at);
      await clock.advance(1);
      expect(attempts()).toBe(at + 1);
    }
  });

  test("ends when an attempt succeeds or the service stops", async () => {
    const { timer, clock, stopping, failing } = timing();
    const worked = timer.tryInBackground(() => Promise.resolve());
    await clock.advance(1_000);
    await worked;
    const stopped = timer.tryInBackground(failing);
    stopping.abort();
    await stopped;
    expect(clock.timerCount).toBe(0);
  });
});
