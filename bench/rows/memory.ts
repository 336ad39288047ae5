import { residentKib } from "../lib/process-memory.ts";
import type { Row } from "../lib/row.ts";

export const memory: Row = {
  name: "memory",
  title: "memory at rest: resident, with children, after 10 s idle",
  unit: "MiB",
  better: "lower",
  goal: { kind: "times", timesMin: 1 },
  startsItself: true,
  async measure(contender) {
    await contender.start();
    try {
      await Bun.sleep(10_000);
      return { value: residentKib(contender.pid) / 1_024 };
    } finally {
      await contender.stop();
    }
  },
};
