import { expect, test } from "bun:test";
import { FakeClock } from "../../test/support/fake-clock.ts";
import { FakeRandom } from "../../test/support/fake-random.ts";
import type { CheckResult, CheckRunner } from "./check-runner.ts";
import { runPeriodically, type RunOnce } from "./periodic.ts";

const passing: CheckResult = { status: "passing", output: "" };

interface Trial {
  readonly clock: FakeClock;
  readonly startsMs: number[];
  readonly results: CheckResult[];
  readonly runner: CheckRunner;
}

function begin(runOnce: RunOnce, settings: { uniform: number; intervalMs?: number; clock?: FakeClock }): Trial {
  const { uniform, intervalMs = 10_000, clock = new FakeClock() } = settings;
  const startsMs: number[] = [];
  const results: CheckResult[] = [];
  const random = { uniform: () => uniform, uuid: () => "" };
  const counted: RunOnce = (signal) => {
    startsMs.push(clock.monotonicMs());
    return runOnce(signal);
  };
  const report = (result: CheckResult): void => void results.push(result);
  return {
    clock,
    startsMs,
    results,
    runner: runPeriodically(counted, { platform: { clock, random }, intervalMs, report }),
  };
}

test("the first runs of many checks that start together are spread evenly over the interval", async () => {
  const clock = new FakeClock();
  const random = new FakeRandom(7);
  let started = 0;
  const counted: RunOnce = async () => {
    started += 1;
    return passing;
  };
  for (let check = 0; check < 1_000; check += 1) {
    runPeriodically(counted, { platform: { clock, random }, intervalMs: 10_000, report: () => {} });
  }
  const perSecond: number[] = [];
  for (let second = 0; second < 10; second += 1) {
    const before = started;
    await clock.advance(1_000);
    perSecond.push(started - before);
  }
  expect(started).toBe(1_000);
  for (const runs of perSecond) expect(Math.abs(runs - 100)).toBeLessThan(40);
});

test("the runs of a check begin at fixed times, however long each run takes", async () => {
  const clock = new FakeClock();
  const slow: RunOnce = () => new Promise((resolve) => clock.schedule(7_000, () => resolve(passing)));
  const { startsMs } = begin(slow, { uniform: 0.5, clock });
  await clock.advance(45_000);
  expect(startsMs).toEqual([5_000, 15_000, 25_000, 35_000, 45_000]);
});

test("runs of a check never overlap: after a long run the next begins at once; missed runs are not repeated", async () => {
  const clock = new FakeClock();
  const runsMs = [34_000, 1_000, 1_000];
  const slow: RunOnce = () => {
    const runMs = runsMs.shift() ?? 1_000;
    return new Promise((resolve) => clock.schedule(runMs, () => resolve(passing)));
  };
  const { startsMs } = begin(slow, { uniform: 0, clock });
  await clock.advance(60_000);
  expect(startsMs).toEqual([0, 34_000, 44_000, 54_000]);
});

test("a check with an interval below a second runs once a second", async () => {
  const { clock, startsMs } = begin(async () => passing, { uniform: 0, intervalMs: 1 });
  await clock.advance(3_500);
  expect(startsMs).toEqual([0, 1_000, 2_000, 3_000]);
});

test("a run of a check that throws reports the status critical, and the next run follows after the interval", async () => {
  const { clock, results, startsMs } = begin(() => Promise.reject(new Error("no good")), { uniform: 0 });
  await clock.advance(10_000);
  expect(results).toEqual([
    { status: "critical", output: "no good" },
    { status: "critical", output: "no good" },
  ]);
  expect(startsMs).toHaveLength(2);
});

test("a stopped check does not run or report, and leaves no timer", async () => {
  const { promise, resolve } = Promise.withResolvers<CheckResult>();
  let signal: AbortSignal | undefined;
  const hanging: RunOnce = (given) => {
    signal = given;
    return promise;
  };
  const { clock, results, runner, startsMs } = begin(hanging, { uniform: 0 });
  await clock.advance(1);
  runner.stop();
  runner.stop();
  expect(signal?.aborted).toBe(true);
  resolve(passing);
  await clock.advance(60_000);
  expect([startsMs.length, results.length, clock.timerCount]).toEqual([1, 0, 0]);
});

test("the callback that receives a check's result may stop the check", async () => {
  const clock = new FakeClock();
  const platform = { clock, random: new FakeRandom() };
  let reports = 0;
  const runner = runPeriodically(async () => passing, {
    platform,
    intervalMs: 1_000,
    report: () => {
      reports += 1;
      runner.stop();
    },
  });
  await clock.advance(10_000);
  expect([reports, clock.timerCount]).toEqual([1, 0]);
});

test("a check that is run at once is due next as before, and a run under way is not begun twice", async () => {
  const clock = new FakeClock();
  const slow: RunOnce = () => new Promise((resolve) => clock.schedule(1_000, () => resolve(passing)));
  const { results, runner, startsMs } = begin(slow, { uniform: 0.5, clock });
  await clock.advance(2_000);
  const runs = [1, 2].map(async () => runner.runNow?.());
  await clock.advance(1_000);
  await Promise.all(runs);
  expect([startsMs, results]).toEqual([[2_000], [passing]]);
  await clock.advance(13_000);
  expect(startsMs).toEqual([2_000, 5_000, 15_000]);
  runner.stop();
  await runner.runNow?.();
  expect(startsMs).toHaveLength(3);
});
