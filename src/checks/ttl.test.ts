import { expect, test } from "bun:test";
import { FakeClock } from "../../test/support/fake-clock.ts";
import { FakeRandom } from "../../test/support/fake-random.ts";
import type { CheckResult } from "./check-runner.ts";
import { startTtlCheck, type TtlRunner } from "./ttl.ts";

function begin(outputBytesMax = 4096): { clock: FakeClock; results: CheckResult[]; ttl: TtlRunner } {
  const clock = new FakeClock();
  const results: CheckResult[] = [];
  const report = (result: CheckResult): void => void results.push(result);
  const world = { clock, random: new FakeRandom() };
  return { clock, results, ttl: startTtlCheck({ kind: "ttl", ttlMs: 2_000 }, { world, outputBytesMax, report }) };
}

test("a service that never spoke is critical when the time to live is over, once", async () => {
  const { clock, results } = begin();
  await clock.advance(1_999);
  expect(results).toEqual([]);
  await clock.advance(1);
  await clock.advance(60_000);
  expect(results).toEqual([{ status: "critical", output: "TTL expired" }]);
});

test("what a service says is reported at once and repeated when it falls silent", async () => {
  const { clock, results, ttl } = begin();
  ttl.update({ status: "warning", output: "hm" });
  expect(results).toEqual([{ status: "warning", output: "hm" }]);
  await clock.advance(2_000);
  const output = "TTL expired (last output before timeout follows): hm";
  expect(results[1]).toEqual({ status: "critical", output });
});

test("each update gives the whole time to live again, an expired check comes back", async () => {
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

test("a jump of the wall clock changes nothing", async () => {
  const { clock, results } = begin();
  clock.jumpWall(50 * 365 * 86_400_000);
  await clock.advance(1_999);
  expect(results).toEqual([]);
});

// As Consul 1.8.7 was seen to do with OutputMaxSize 20.
test("a long output keeps its beginning and says what is missing", async () => {
  const { clock, results, ttl } = begin(20);
  ttl.update({ status: "passing", output: `${"z".repeat(30)}END` });
  const kept = "zzzzzzzzzzzzzzzzzzzz ... (captured 20 of 33 bytes)";
  expect(results).toEqual([{ status: "passing", output: kept }]);
  await clock.advance(2_000);
  expect(results[1]?.output).toBe(`TTL expired (last output before timeout follows): ${kept}`);
});

test("after stop nothing is reported and no timer is left", async () => {
  const { clock, results, ttl } = begin();
  ttl.stop();
  ttl.stop();
  ttl.update({ status: "passing", output: "" });
  await clock.advance(10_000);
  expect([results.length, clock.timerCount]).toEqual([0, 0]);
});
