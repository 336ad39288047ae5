import type { Contender } from "../lib/contender.ts";
import { percentile } from "../lib/statistics.ts";
import { Watchers } from "../lib/watchers.ts";
import { keyAt, spread } from "./filling.ts";
import { flatRow, type Measurement } from "./measurement.ts";

const others = 1_000;
const writes = 20;
const key = "bench/watched";

export const waking: Measurement = {
  rows: [flatRow("waking", "wake one watcher while 1,000 wait elsewhere", "ms")],
  rounds: 3,
  async measure({ contender, size }) {
    const elsewhere = new Watchers(contender.httpPort, others);
    const one = new Watchers(contender.httpPort, 1);
    try {
      const index = await indexOf(contender);
      const keys = spread(others, size.keys);
      elsewhere.ask((connection) => `/v1/kv/${keyAt(keys[connection] ?? 0)}?index=${index}&wait=10m`);
      await Bun.sleep(300);
      const timesMs: number[] = [];
      for (let write = 0; write < writes; write += 1) timesMs.push(await wakeOnce(contender, one));
      if (elsewhere.waiting !== others) throw new Error(`${contender.name} woke watchers of keys that did not change`);
      return [percentile(timesMs, 50)];
    } finally {
      elsewhere.close();
      one.close();
    }
  },
};

async function indexOf(contender: Contender): Promise<string> {
  await contender.tryPut(key, String(performance.now()));
  const read = await fetch(`${contender.url}/v1/kv/${key}`);
  await read.arrayBuffer();
  return read.headers.get("X-Consul-Index") ?? "";
}

/** Writes the watched key. Returns the milliseconds from the write until the client that watches the key has its answer. */
async function wakeOnce(contender: Contender, one: Watchers): Promise<number> {
  one.ask(`/v1/kv/${key}?index=${await indexOf(contender)}&wait=60s`);
  await Bun.sleep(10);
  if (one.waiting !== 1) throw new Error(`${contender.name} answered a watcher although nothing had changed`);
  const [tookMs = Number.NaN] = one.wake(
    { method: "PUT", path: `/v1/kv/${key}`, body: `${performance.now()}` },
    10_000,
  );
  return tookMs;
}
