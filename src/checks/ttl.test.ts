import { expect, test } from "bun:test";
import { FakeClock } from "../../test/support/fake-clock.ts";
import { FakeRandom } from "../../test/support/fake-random.ts";
import type { CheckResult } from "./check-runner.ts";
import { startTtlCheck, type TtlRunner } from "./ttl.ts";

function begin(outputBytesMax = 4096): { clock: FakeClock; results: CheckResult[]; ttl: TtlRunner } {
  const clock = new FakeClock();
  const results: CheckResult[] = [];
  const report = (result: CheckResult): void => void results.push(result);
  const platform = { clock, random: new FakeRandom() };
  return { clock, results, ttl: startTtlCheck({ kind: "ttl", ttlMs: 2_000 }, { platform, outputBytesMax, report }) };
}

test("a TTL check that is never updated turns critical once, when its TTL expires", async () => {
  const { clock, results } = begin();
  await clock.advance(1_999);
  expect(results).toEqual([]);
  await clock.advance(1);
  await clock.advance(60_000);
  expect(results).toEqual([{ status: "critical", output: "TTL expired" }]);
});

test("an update of a TTL check is reported at once, and its output is repeated when the TTL expires", async () => {
  const { clock, results, ttl } = begin();
  ttl.update({ status: "warning", output: "hm" });
  expect(results).toEqual([{ status: "warning", output: "hm" }]);
  await clock.advance(2_000);
  const output = "TTL expired (last output before timeout follows): hm";
  expect(results[1]).toEqual({ status: "critical", output });
});

test("each update of a TTL check restarts the TTL, even if it has expired", async () => {
  const { clock, results, ttl } = begin();
  for (let update = 0; update < 5; update += 1) {
    await clock.advance(1_900);
    ttl.update({ status: "passing", output: "" });
  }
  expect(results.map(({ status }) => status)).toEqual(Array(5).fill("passing"));
  await clock.advance(2_000);
  expect(results.at(-1)).toEqual({ status: "critical", output: "TTL expired" });
  ttl.update({ status: "passing", output: "back" });
  expect(results.at(-1)).toEqual({ status: "passing", output: "back" });
});

test("a jump of the wall clock does not affect when a TTL expires", async () => {
  const { clock, results } = begin();
  clock.jumpWall(50 * 365 * 86_400_000);
  await clock.advance(1_999);
  expect(results).toEqual([]);
});

// Output of Consul 1.8.7 with OutputMaxSize 20.
test("a long output of a TTL check is truncated to its beginning, with a note of the full length", async () => {
  const { clock, results, ttl } = begin(20);
  ttl.update({ status: "passing", output: `${"z".repeat(30)}END` });
  const kept = "zzzzzzzzzzzzzzzzzzzz ... (captured 20 of 33 bytes)";
  expect(results).toEqual([{ status: "passing", output: kept }]);
  await clock.advance(2_000);
  expect(results[1]?.output).toBe(`TTL expired (last output before timeout follows): ${kept}`);
});

test("a stopped TTL check reports nothing and leaves no timer", async () => {
  const { clock, results, ttl } = begin();
  ttl.stop();
  ttl.stop();
  ttl.update({ status: "passing", output: "" });
  await clock.advance(10_000);
  expect([results.length, clock.timerCount]).toEqual([0, 0]);
});
