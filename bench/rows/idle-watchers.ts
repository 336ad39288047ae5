import { fill } from "../lib/fill.ts";
import { Program } from "../lib/program.ts";
import type { Row } from "../lib/row.ts";
import { newRun, runWrk } from "../lib/wrk.ts";
import type { HoldTask } from "../programs/hold-watchers.ts";

const count = 10_000;

export const idleWatchers: Row = {
  name: "idle-watchers",
  title: `durable write of a key, 64 connections, while ${count.toLocaleString("en")} watch other keys`,
  unit: "requests/s",
  better: "higher",
  goal: { kind: "times", timesMin: 4 },
  // The watched keys must exist: in Consul any write of a key wakes the watcher of a missing key.
  prepare: (contender) => fill(contender, { keys: count }),
  async measure(contender, seconds) {
    const task: HoldTask = { port: contender.httpPort, count, prefix: "bench/filled/" };
    const watchers = Program.start("hold-watchers", task);
    try {
      await watchers.line();
      const load = { connections: 64, seconds, script: "put-keys.lua", words: [newRun()] };
      const { value, latency } = await runWrk(contender.url, load);
      await watchers.end();
      return { value, latency };
    } catch (cause) {
      throw new Error(`${contender.name} cannot be measured`, { cause });
    } finally {
      watchers.kill();
    }
  },
};
