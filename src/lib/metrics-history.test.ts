import { expect, test } from "bun:test";
import { Metrics } from "./metrics.ts";
import { MetricsHistory } from "./metrics-history.ts";

test("a series has one value for each interval: of a gauge its value, of a counter the sum, of a sample the mean", () => {
  const metrics = new Metrics(0);
  const history = new MetricsHistory(metrics);
  metrics.gauge("g", () => 7);
  metrics.counter("c", { a: "1" }).add(2);
  metrics.counter("c", { a: "2" }).add(3);
  metrics.sample("s").add(10);
  metrics.sample("s").add(20);
  metrics.endInterval(10_000);
  metrics.endInterval(20_000);
  expect(history.endMs).toBe(20_000);
  expect(history.series([])).toEqual([
    { name: "c", kind: "counter", values: [5, null] },
    { name: "g", kind: "gauge", values: [7, 7] },
    { name: "s", kind: "sample", values: [15, null] },
  ]);
  expect(history.series(["s", "none"]).map(({ name }) => name)).toEqual(["s"]);
});

test("a series has the intervals of the last ten minutes, also one that began later than the others", () => {
  const metrics = new Metrics(0);
  const history = new MetricsHistory(metrics);
  let now = 0;
  metrics.gauge("g", () => now);
  for (now = 1; now <= 100; now += 1) {
    if (now === 99) metrics.counter("late").add(1);
    metrics.endInterval(now * 10_000);
  }
  const [gauge, late] = history.series(["g", "late"]);
  expect([gauge?.values.length, gauge?.values[0], gauge?.values.at(-1)]).toEqual([60, 41, 100]);
  expect([late?.values.length, late?.values.slice(-3)]).toEqual([60, [null, 1, null]]);
});
