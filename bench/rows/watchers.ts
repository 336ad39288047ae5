import type { Contender } from "../lib/contender.ts";
import type { Row } from "../lib/row.ts";
import { median, percentile } from "../lib/statistics.ts";
import { until } from "../lib/until.ts";
import { Watchers } from "../lib/watchers.ts";

const count = 1_000;
const rounds = 5;
const key = "bench/watched";

export const watchers: Row = {
  name: "watchers",
  title: `${count.toLocaleString("en")} watchers of one key: from the write to the last answer`,
  unit: "ms",
  better: "lower",
  goal: { kind: "times", timesMin: 2 },
  async measure(contender) {
    const clients = await Watchers.connect(contender.httpPort, count);
    try {
      const answers: number[][] = [];
      for (let round = 0; round < rounds; round += 1) answers.push(await oneWrite(contender, clients, round));
      const all = answers.flat();
      return {
        value: median(answers.map((times) => Math.max(...times))),
        latency: { p50Ms: percentile(all, 50), p99Ms: percentile(all, 99) },
      };
    } finally {
      clients.close();
    }
  },
};

/** Milliseconds from the write to each watcher's answer. */
async function oneWrite(contender: Contender, clients: Watchers, round: number): Promise<number[]> {
  await contender.tryPut(key, `before ${round}`);
  const read = await fetch(`${contender.url}/v1/kv/${key}`);
  await read.arrayBuffer();
  clients.ask(`/v1/kv/${key}?index=${read.headers.get("X-Consul-Index")}&wait=60s`);
  await Bun.sleep(300);
  if (clients.waiting !== count) throw new Error(`${contender.name} answered a watcher although nothing had changed`);
  const writeMs = performance.now();
  await contender.tryPut(key, `after ${round}`);
  // Asking costs the one processor of the client, so it is not asked while answers can still be coming in.
  await until("all watchers are answered", { withinMs: 10_000, everyMs: 500 }, async () => {
    await Bun.sleep(500);
    return clients.waiting === 0;
  });
  return clients.answeredAtMs.map((atMs) => atMs - writeMs);
}
