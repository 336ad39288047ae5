import { expect, test } from "bun:test";
import { FakeClock } from "../../test/support/fake-clock.ts";
import { FakeRandom } from "../../test/support/fake-random.ts";
import type { CheckDefinition, CheckMethod } from "../model/check.ts";
import { RunningChecks } from "./running-checks.ts";

function definitionOf(id: string, method: CheckMethod): CheckDefinition {
  return {
    id,
    name: id,
    notes: "",
    serviceId: "",
    initialStatus: "critical",
    method,
    successBeforePassing: 0,
    failuresBeforeCritical: 0,
    deregisterCriticalServiceAfterMs: 0,
    outputBytesMax: 4096,
  };
}

function begin(): { clock: FakeClock; reports: string[]; checks: RunningChecks } {
  const clock = new FakeClock();
  const reports: string[] = [];
  const checks = new RunningChecks({
    platform: { clock, random: new FakeRandom() },
    aliasSource: { watch: () => ({ stop: () => {} }) },
    report: (checkId, { status, output }) => void reports.push(`${checkId} ${status} ${output}`),
  });
  return { clock, reports, checks };
}

const ttl = (ttlMs: number): CheckMethod => ({ kind: "ttl", ttlMs });

test("updateTtl reports the new status of a TTL check before it returns", () => {
  const { reports, checks } = begin();
  checks.start({ definition: definitionOf("a", ttl(1_000)) });
  checks.updateTtl("a", "passing", "fine");
  expect(reports).toEqual(["a passing fine"]);
  checks.stopAll();
});

test("a check that is started again under the same id uses only its new definition", async () => {
  const { clock, reports, checks } = begin();
  checks.start({ definition: definitionOf("a", ttl(1_000)) });
  checks.start({ definition: definitionOf("a", ttl(5_000)) });
  await clock.advance(4_999);
  expect(reports).toEqual([]);
  await clock.advance(1);
  expect(reports).toEqual(["a critical TTL expired"]);
});

test("stopped checks leave no timer, and stopping an unknown check is not an error", () => {
  const { clock, checks } = begin();
  for (const id of ["a", "b", "c"]) checks.start({ definition: definitionOf(id, ttl(1_000)) });
  checks.stop("a");
  checks.stop("a");
  checks.stop("never");
  expect(clock.timerCount).toBe(2);
  checks.stopAll();
  expect(clock.timerCount).toBe(0);
});

test("updateTtl fails unless a TTL check with that id is running", () => {
  const { checks } = begin();
  const tcp: CheckMethod = { kind: "tcp", address: "127.0.0.1:1", intervalMs: 10_000, timeoutMs: 0 };
  checks.start({ definition: definitionOf("t", tcp) });
  expect(() => checks.updateTtl("t", "passing", "")).toThrow('CheckID "t" does not have associated TTL');
  expect(() => checks.updateTtl("no", "passing", "")).toThrow('CheckID "no" does not have associated TTL');
  checks.stopAll();
});
