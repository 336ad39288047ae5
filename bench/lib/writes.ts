import type { Contender } from "./contender.ts";
import type { Figure } from "./row.ts";
import { runWrk, type Load } from "./wrk.ts";

export interface Writing {
  /** In a mixed load, one of this number of requests is a write. */
  readonly requestsPerWrite?: number;
}

/**
 * Runs a load with durable writes. Each write that changes a value has an index of its own, so the index must rise by the
 * number of writes. @throws when it does not, which shows repeated values
 */
export async function runWrites(contender: Contender, load: Load, writing: Writing = {}): Promise<Figure> {
  const before = await writeIndex(contender);
  const { requests, ...figure } = await runWrk(contender.url, load);
  const written = (await writeIndex(contender)) - before;
  const expected = requests / (writing.requestsPerWrite ?? 1) - load.connections;
  if (written < expected) throw new Error(`${contender.name} wrote ${written} times for ${requests} requests`);
  return figure;
}

let probes = 0;

/** Writes a key and returns the index of that write, which counts as one of the writes. */
async function writeIndex(contender: Contender): Promise<number> {
  probes += 1;
  await contender.put("/v1/kv/bench/probe", probes);
  const index = /"ModifyIndex":(\d+)/.exec(await contender.get("/v1/kv/bench/probe"))?.[1];
  if (index === undefined) throw new Error(`${contender.name} did not say the index of a write`);
  return Number(index);
}
