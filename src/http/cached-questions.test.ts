import { describe, expect, test } from "bun:test";
import { FakeClock } from "../../test/support/fake-clock.ts";
import { Metrics } from "../lib/metrics.ts";
import { CachedQuestions } from "./cached-questions.ts";

const hourMs = 60 * 60 * 1000;

function trial(): { readonly clock: FakeClock; readonly metrics: Metrics; readonly questions: CachedQuestions } {
  const [clock, metrics] = [new FakeClock(), new Metrics(0)];
  return { clock, metrics, questions: new CachedQuestions({ clock, metrics }) };
}

describe("a request with ?cached", () => {
  test("has as its age the time since its last answer", async () => {
    const { clock, questions } = trial();
    expect(questions.ageMs("a")).toBeUndefined();
    questions.keep("a");
    await clock.advance(1_500);
    expect(questions.ageMs("a")).toBe(1_500);
    questions.keep("a");
    expect(questions.ageMs("a")).toBe(0);
  });

  test("counts as cached until three days after its last use", async () => {
    const { clock, questions } = trial();
    questions.keep("a");
    questions.keep("b");
    await clock.advance(71 * hourMs);
    expect(questions.ageMs("a")).toBe(71 * hourMs);
    await clock.advance(hourMs);
    expect([questions.ageMs("b"), questions.ageMs("a"), questions.size]).toEqual([undefined, 72 * hourMs, 1]);
  });

  test("counts as cached until 10,000 other requests have been used after its last use", () => {
    const { questions } = trial();
    for (let at = 0; at < 10_000; at += 1) questions.keep(`${at}`);
    questions.ageMs("0");
    questions.keep("one more");
    expect([questions.ageMs("0"), questions.ageMs("1"), questions.size]).toEqual([0, undefined, 10_000]);
  });
});

test("metrics count requests with ?cached by type and by hit or miss, and the requests that count as cached", () => {
  const { metrics, questions } = trial();
  questions.keep("a");
  for (const outcome of ["hit", "miss_new", "hit"] as const) questions.count("health-services", outcome);
  const { counters, gauges } = metrics.total();
  expect(counters.map(({ name, count }) => [name, count])).toEqual([
    ["consul.consul.cache.health-services.hit", 2],
    ["consul.consul.cache.health-services.miss_new", 1],
  ]);
  expect(gauges).toEqual([{ name: "consul.consul.cache.entries_count", labels: {}, value: 1 }]);
});
