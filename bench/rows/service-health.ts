import type { Row } from "../lib/row.ts";
import { runWrk } from "../lib/wrk.ts";

const instances = 10;

export const serviceHealth: Row = {
  name: "service-health",
  title: `health of a service with ${instances} instances, 64 connections`,
  unit: "requests/s",
  better: "higher",
  goal: { kind: "times", timesMin: 6 },
  async prepare(contender) {
    for (let instance = 1; instance <= instances; instance += 1)
      await contender.put("/v1/agent/service/register", {
        ID: `web-${instance}`,
        Name: "web",
        Address: "127.0.0.1",
        Port: 8_000 + instance,
        Tags: ["bench", `n${instance}`],
        Check: { Name: "alive", TTL: "1h", Status: "passing" },
      });
  },
  measure: (contender, seconds) => runWrk(`${contender.url}/v1/health/service/web`, { connections: 64, seconds }),
};
