import { expect, test } from "bun:test";
import { differ, judge } from "./compare.ts";
import type { Row } from "./row.ts";

const row = (better: Row["better"], goal: Row["goal"]): Row => ({
  name: "row",
  title: "row",
  unit: "unit",
  better,
  goal,
  measure: () => Promise.reject(new Error("not measured here")),
});

test("a benchmark row with a rate passes when the rate is at least the required multiple of Consul's", () => {
  const fourTimes = row("higher", { kind: "times", timesMin: 4 });
  expect(judge(fourTimes, { value: 400 }, { value: 100 })).toMatchObject({ times: 4, shortOf: [] });
  expect(judge(fourTimes, { value: 399 }, { value: 100 }).shortOf).toEqual(["value"]);
});

test("a benchmark row with a time or a size passes when Praetor's figure is at most the required fraction of Consul's", () => {
  const half = row("lower", { kind: "times", timesMin: 2 });
  expect(judge(half, { value: 50 }, { value: 100 })).toMatchObject({ times: 2, shortOf: [] });
  expect(judge(half, { value: 51 }, { value: 100 }).shortOf).toEqual(["value"]);
});

test("a benchmark row with a bound passes when Praetor's figure is below the bound and not worse than Consul's", () => {
  const below = row("lower", { kind: "below", valueMax: 10 });
  expect(judge(below, { value: 9 }, { value: 40 }).shortOf).toEqual([]);
  expect(judge(below, { value: 10 }, { value: 40 }).shortOf).toEqual(["value"]);
  expect(judge(below, { value: 9 }, { value: 8 }).shortOf).toEqual(["value"]);
});

test("a benchmark row with a lower bound passes when Praetor's figure reaches it, also if Consul's is better", () => {
  const atLeast = row("higher", { kind: "atLeast", valueMin: 90 });
  expect(judge(atLeast, { value: 90 }, { value: 99 }).shortOf).toEqual([]);
  expect(judge(atLeast, { value: 89 }, { value: 80 }).shortOf).toEqual(["value"]);
});

test("a benchmark row whose 99th percentile is not better than Consul's fails, whatever its rate", () => {
  const twice = row("higher", { kind: "times", timesMin: 2 });
  const praetor = { value: 400, latency: { p50Ms: 1, p99Ms: 5 } };
  expect(judge(twice, praetor, { value: 100, latency: { p50Ms: 2, p99Ms: 5 } }).shortOf).toEqual(["p99"]);
});

test("rounds differ when their ratios do, however fast the machine was in each", () => {
  const figures = (...values: readonly number[]): readonly { value: number }[] => values.map((value) => ({ value }));
  expect(differ(figures(100, 50, 114), figures(10, 5, 10))).toBe(false);
  expect(differ(figures(100, 100, 116), figures(10, 10, 10))).toBe(true);
});
