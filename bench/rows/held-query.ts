import { residentKib } from "../lib/process-memory.ts";
import type { Row } from "../lib/row.ts";
import { Watchers } from "../lib/watchers.ts";

const count = 9_000;

export const heldQuery: Row = {
  name: "held-query",
  title: `memory of one blocking query, ${count.toLocaleString("en")} held`,
  unit: "KiB",
  better: "lower",
  goal: { kind: "below", valueMax: 10 },
  startsItself: true,
  async measure(contender) {
    await contender.start();
    const beforeKib = residentKib(contender.pid);
    const clients = new Watchers(contender.httpPort, count);
    try {
      const read = await fetch(`${contender.url}/v1/kv/bench/started`);
      await read.arrayBuffer();
      clients.ask(`/v1/kv/bench/started?index=${read.headers.get("X-Consul-Index")}&wait=10m`);
      await Bun.sleep(5_000);
      if (clients.waiting !== count)
        throw new Error(`${contender.name} holds only ${clients.waiting} of ${count} queries`);
      return { value: (residentKib(contender.pid) - beforeKib) / count };
    } finally {
      clients.close();
      await contender.stop();
    }
  },
};
