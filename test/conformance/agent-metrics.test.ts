import { describe, expect, test } from "bun:test";
import { expectError, get, keyFolder, put, sharedTarget, unique } from "../support/conformance.ts";
import { createPreparedQuery } from "../support/prepared-query.ts";
import { exchange } from "../support/exchange.ts";
import { startTarget } from "../support/target.ts";
import { within } from "../support/within.ts";

await sharedTarget();

interface Metric {
  readonly Name: string;
}

type Metrics = Readonly<Record<string, readonly Metric[]>>;

describe("agent/metrics", () => {
  test("returns an object of lists, with the start time of their interval", async () => {
    const answer = await get("/v1/agent/metrics");
    expect(answer.header("Content-Type")).toBe("application/json");
    expect(answer.text).toMatch(
      /^\{"Timestamp":"\d{4}-\d\d-\d\d \d\d:\d\d:\d0 \+0000 UTC","Gauges":\[\{"Name":"[^"]+","Value":/,
    );
    expect(Object.keys(answer.json as Metrics)).toEqual(["Timestamp", "Gauges", "Points", "Counters", "Samples"]);
    expect((answer.json as Metrics)["Points"]).toEqual([]);
  });

  test("counts the requests and writes of the last ten-second interval", async () => {
    const key = `/v1/kv/${keyFolder()}a`;
    await put(key, "one");
    const Name = unique("metered");
    await createPreparedQuery({ Name, Service: { Service: "consul" } });
    for (const verb of ["execute", "explain"]) await get(`/v1/query/${Name}/${verb}`);
    const { Counters = [], Samples = [] } = await within(12_000, async () => {
      const metrics = (await get("/v1/agent/metrics")).json as Metrics;
      if (!metrics["Samples"]?.some(({ Name }) => Name === "consul.kvs.apply")) throw new Error("not yet");
      return metrics;
    });
    expect(Counters.find(({ Name }) => Name === "consul.raft.apply")).toEqual({
      Name: "consul.raft.apply",
      ...{ Count: expect.any(Number), Rate: expect.any(Number), Sum: expect.any(Number) },
      ...{ Min: 1, Max: 1, Mean: 1, Stddev: 0, Labels: {} },
    });
    const names = Samples.map(({ Name }) => Name);
    expect(names).toEqual(names.toSorted());
    expect(names).toEqual(
      expect.arrayContaining(["consul.fsm.kvs", "consul.http.PUT.v1.kv._", "consul.raft.commitTime"]),
    );
    const ofQueries = ["apply", "execute", "explain"].map((what) => `consul.prepared-query.${what}`);
    expect(names).toEqual(expect.arrayContaining(ofQueries));
    expect(Samples.find(({ Name }) => Name === "consul.fsm.kvs")).toMatchObject({ Labels: { op: "set" } });
  });

  test("refuses the Prometheus format where the configuration disables it", async () => {
    const target = await startTarget("-hcl", 'telemetry { prometheus_retention_time = "0s" }');
    try {
      expectError(await exchange(target.url, "GET", { path: "/v1/agent/metrics?format=prometheus" }), {
        status: 415,
        text: "Prometheus is not enabled since its retention time is not positive",
      });
    } finally {
      await target.stop();
    }
    expect((await get("/v1/agent/metrics?format=other")).header("Content-Type")).toBe("application/json");
  });
});
