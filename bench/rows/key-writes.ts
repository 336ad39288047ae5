import type { Group, Row } from "../lib/row.ts";
import { newRun } from "../lib/wrk.ts";
import { runWrites } from "../lib/writes.ts";

export const keyWrites: Group = {
  name: "key-writes",
  rows: [
    keyPut({ connections: 1, timesMin: 2 }),
    keyPut({ connections: 16, timesMin: 4 }),
    keyPut({ connections: 64, timesMin: 4 }),
    keyPut({ connections: 256, timesMin: 4 }),
    {
      name: "txn",
      title: "durable transaction that sets 64 keys, 16 connections",
      ...{ unit: "requests/s", better: "higher" },
      goal: { kind: "times", timesMin: 4 },
      measure: (contender, seconds) =>
        runWrites(contender, { connections: 16, seconds, script: "set-64-keys.lua", words: [newRun()] }),
    },
  ],
};

function keyPut({ connections, timesMin }: { readonly connections: number; readonly timesMin: number }): Row {
  return {
    name: `key-put-${connections}`,
    title: `durable write of a key, ${connections === 1 ? "1 connection" : `${connections} connections`}`,
    unit: "requests/s",
    better: "higher",
    goal: { kind: "times", timesMin },
    measure: (contender, seconds) =>
      runWrites(contender, { connections, seconds, script: "put-keys.lua", words: [newRun()] }),
  };
}
