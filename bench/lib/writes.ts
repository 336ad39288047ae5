import type { Contender } from "./contender.ts";
import type { Figure } from "./row.ts";
import { runWrk, type Load } from "./wrk.ts";

/** The agent that is measured, and its HTTP API. */
export type Written = Pick<Contender, "name" | "url" | "put" | "get">;

export interface Writing {
  /** In a load of reads and writes, the number of all requests for each write; by default each request is a write. */
  readonly requestsPerWrite?: number;
}

/**
 * Runs a load with durable writes and returns its rate. Each write that changes a value raises the index by one, so the index
 * must rise by the number of writes.
 * @throws Error when the index rises less, which shows that writes repeated a value
 */
export async function runWrites(contender: Written, load: Load, writing: Writing = {}): Promise<Figure> {
  const before = await writeIndex(contender);
  const { requests, ...figure } = await runWrk(contender.url, load);
  const written = (await writeIndex(contender)) - before;
  const expected = requests / (writing.requestsPerWrite ?? 1) - load.connections;
  if (written < expected) throw new Error(`${contender.name} wrote ${written} times for ${requests} requests`);
  return figure;
}

let probes = 0;

/** Writes a key and returns the index of this write. This write raises the index, too. */
async function writeIndex(contender: Written): Promise<number> {
  probes += 1;
  await contender.put("/v1/kv/bench/probe", probes);
  const index = /"ModifyIndex":(\d+)/.exec(await contender.get("/v1/kv/bench/probe"))?.[1];
  if (index === undefined) throw new Error(`${contender.name} did not say the index of a write`);
  return Number(index);
}
