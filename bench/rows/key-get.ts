import type { Row } from "../lib/row.ts";
import { runWrk } from "../lib/wrk.ts";

export const keyGet: Row = {
  name: "key-get",
  title: "read one key, 64 connections",
  unit: "requests/s",
  better: "higher",
  goal: { kind: "times", timesMin: 2.5 },
  async prepare(contender) {
    await contender.put("/v1/kv/bench/read", "x".repeat(126));
  },
  measure: (contender, seconds) => runWrk(`${contender.url}/v1/kv/bench/read`, { connections: 64, seconds }),
};
