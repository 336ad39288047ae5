import type { Row } from "../lib/row.ts";
import { until } from "../lib/until.ts";

export const start: Row = {
  name: "start",
  title: "from start to the first durable write",
  unit: "ms",
  better: "lower",
  goal: { kind: "times", timesMin: 10 },
  startsItself: true,
  async measure(contender) {
    const startMs = performance.now();
    contender.spawn();
    try {
      await until("the first write", { withinMs: 30_000, everyMs: 2 }, () => contender.tryPut("bench/first", "1"));
      return { value: performance.now() - startMs };
    } finally {
      await contender.stop();
    }
  },
};
