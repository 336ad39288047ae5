import { describe, expect, test } from "bun:test";
import { encodeMetrics, renderIntervals, renderPrometheus } from "./metrics.ts";
import { Metrics } from "../lib/metrics.ts";

describe("the agent's metrics", () => {
  test("are those of the last ended interval, or of the first interval until it ends", () => {
    const metrics = new Metrics(0);
    const writes = metrics.counter("writes");
    writes.add(1);
    expect(metrics.lastInterval()).toMatchObject({ startMs: 0, counters: [{ count: 1 }] });
    metrics.endInterval(10_000);
    writes.add(1);
    writes.add(1);
    expect(metrics.lastInterval()).toMatchObject({ startMs: 0, counters: [{ count: 1 }] });
    metrics.endInterval(20_000);
    expect(metrics.lastInterval()).toMatchObject({ startMs: 10_000, counters: [{ count: 2 }] });
    metrics.endInterval(30_000);
    expect(metrics.lastInterval().counters).toEqual([]);
    expect(metrics.total().counters).toMatchObject([{ count: 3, sum: 3 }]);
  });

  test("include the minimum, maximum, mean and standard deviation of a sample", () => {
    const metrics = new Metrics(0);
    const sample = metrics.sample("took");
    for (const ms of [2, 4, 9]) sample.add(ms);
    const [aggregate] = metrics.lastInterval().samples;
    expect(aggregate).toMatchObject({ count: 3, sum: 15, min: 2, max: 9 });
    expect(aggregate?.stddev).toBeCloseTo(Math.sqrt(13));
  });

  test("include the quantiles of a sample over the last two intervals", () => {
    const metrics = new Metrics(0);
    const sample = metrics.sample("took");
    for (let ms = 1; ms <= 100; ms++) sample.add(ms);
    expect(metrics.total().samples).toMatchObject([{ quantiles: [50, 90, 99] }]);
    metrics.endInterval(10_000);
    sample.add(1_000);
    expect(metrics.total().samples).toMatchObject([{ quantiles: [51, 91, 100] }]);
    metrics.endInterval(20_000);
    expect(metrics.total().samples).toMatchObject([{ quantiles: [1_000, 1_000, 1_000] }]);
    metrics.endInterval(30_000);
    expect(metrics.total().samples).toMatchObject([{ count: 101, quantiles: [Number.NaN, Number.NaN, Number.NaN] }]);
  });

  test("include the quantiles of a sample's newest values only, if the sample has more values than are kept", () => {
    const metrics = new Metrics(0);
    const sample = metrics.sample("took");
    for (let ms = 0; ms < 1_000; ms++) sample.add(ms);
    const [median = 0] = metrics.total().samples[0]?.quantiles ?? [];
    expect(median).toBeGreaterThan(744);
  });

  test("are sorted by name", () => {
    const metrics = new Metrics(0);
    for (const name of ["b", "c", "a"]) metrics.gauge(name, () => 1);
    expect(metrics.lastInterval().gauges.map(({ name }) => name)).toEqual(["a", "b", "c"]);
  });
});

describe("the agent's metrics as text", () => {
  const metrics = new Metrics(Date.UTC(2026, 10, 22, 14, 3, 7));
  metrics.gauge("consul.raft.last_index", () => 7);
  metrics.counter("consul.raft.apply").add(1);
  metrics.sample("consul.fsm.kvs", { op: "set" }).add(2);
  metrics.sample("consul.fsm.kvs", { op: "set" });

  test("have Consul's layout in JSON", () => {
    const labels = Object.create(null) as object;
    const one = { Rate: 0.1, Sum: 1, Min: 1, Max: 1, Mean: 1, Stddev: 0, Labels: labels };
    expect(encodeMetrics(metrics.lastInterval())).toMatchObject({
      Timestamp: "2026-11-22 14:03:00 +0000 UTC",
      Gauges: [{ Name: "consul.raft.last_index", Value: 7, Labels: {} }],
      Points: [],
      Counters: [{ Name: "consul.raft.apply", Count: 1, ...one }],
      Samples: [{ Name: "consul.fsm.kvs", Count: 1, Rate: 0.2, Labels: { op: "set" } }],
    });
  });

  test("have the text format of Prometheus", () => {
    expect(renderPrometheus(metrics.total()).split("\n")).toEqual([
      "# HELP consul_raft_last_index consul_raft_last_index",
      "# TYPE consul_raft_last_index gauge",
      "consul_raft_last_index 7",
      "# HELP consul_raft_apply consul_raft_apply",
      "# TYPE consul_raft_apply counter",
      "consul_raft_apply 1",
      "# HELP consul_fsm_kvs consul_fsm_kvs",
      "# TYPE consul_fsm_kvs summary",
      'consul_fsm_kvs{op="set",quantile="0.5"} 2',
      'consul_fsm_kvs{op="set",quantile="0.9"} 2',
      'consul_fsm_kvs{op="set",quantile="0.99"} 2',
      'consul_fsm_kvs_sum{op="set"} 2',
      'consul_fsm_kvs_count{op="set"} 1',
      "",
    ]);
  });

  test("have the lines that Consul writes on the signal SIGUSR1, for each ended interval of the last minute", () => {
    const startMs = Date.UTC(2026, 10, 29, 18, 33, 37);
    const logged = new Metrics(startMs);
    let index = 14;
    logged.gauge("consul.raft.last_index", () => index);
    const applied = logged.counter("consul.raft.apply");
    const took = logged.sample("consul.fsm.kvs", { op: "set a:b" });
    expect(renderIntervals(logged.ended)).toBe("");
    applied.add(1);
    applied.add(1);
    for (const ms of [0.002, 0.01, 0.004]) took.add(ms);
    expect(renderIntervals(logged.ended)).toBe("");
    logged.endInterval(startMs + 3_000);
    index = 15;
    took.add(2);
    logged.endInterval(startMs + 13_000);
    const [first, second] = ["[2026-11-29 18:33:30 +0000 UTC]", "[2026-11-29 18:33:40 +0000 UTC]"];
    expect(renderIntervals(logged.ended).split("\n")).toEqual([
      `${first}[G] 'consul.raft.last_index': 14.000`,
      `${first}[C] 'consul.raft.apply': Count: 2 Sum: 2.000 LastUpdated: 2026-11-29 18:33:40 +0000 UTC`,
      `${first}[S] 'consul.fsm.kvs.set_a_b': Count: 3 Min: 0.002 Mean: 0.005 Max: 0.010 Stddev: 0.004 Sum: 0.016 ` +
        "LastUpdated: 2026-11-29 18:33:40 +0000 UTC",
      `${second}[G] 'consul.raft.last_index': 15.000`,
      `${second}[S] 'consul.fsm.kvs.set_a_b': Count: 1 Sum: 2.000 LastUpdated: 2026-11-29 18:33:50 +0000 UTC`,
      "",
    ]);
    for (let interval = 2; interval < 10; interval += 1) logged.endInterval(startMs + interval * 10_000 + 3_000);
    expect(logged.ended.map((ended) => (ended.startMs - startMs) / 1_000)).toEqual([43, 53, 63, 73, 83]);
  });
});
