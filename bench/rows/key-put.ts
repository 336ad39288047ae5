import type { Row } from "../lib/row.ts";
import { runWrk } from "../lib/wrk.ts";

export const keyPut64: Row = keyPut(64, 4);
export const keyPut1: Row = keyPut(1, 2);

let runs = 0;

function keyPut(connections: number, timesMin: number): Row {
  return {
    name: `key-put-${connections}`,
    title: `durable write of a key, ${connections === 1 ? "1 connection" : `${connections} connections`}`,
    unit: "requests/s",
    better: "higher",
    goal: { kind: "times", timesMin },
    measure(contender, seconds) {
      runs += 1;
      return runWrk(contender.url, { connections, seconds, script: "put-keys.lua", run: `run-${runs}` });
    },
  };
}
