import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { encodeBatch } from "../../src/engine/sqlite/batch-codec.ts";
import { kv } from "../../src/state/tables/kv.ts";
import { CompiledProgram } from "../lib/compiled-program.ts";
import type { Contender } from "../lib/contender.ts";
import { keyBytes } from "../lib/fill.ts";
import type { Limit } from "../lib/limit.ts";
import { until } from "../lib/until.ts";
import { newRun, runWrk } from "../lib/wrk.ts";
import type { BareStoreTask } from "../programs/bare-store.ts";

const bareStore = new CompiledProgram("bare-store");
const folder = join(import.meta.dir, "../../dist/bench/bare-store");
/** Length of an interval of the agent's metrics, in seconds. The batches of the load are counted in one interval. */
const intervalSeconds = 10;

export const limitCommit: Limit = {
  name: "limit-commit",
  title: "durable write of a key, 64 connections",
  of: "SQLite alone, in batches as large",
  against: "the limit",
  unit: "rows/s",
  shareMin: 0.6,
  async measure(praetor, seconds) {
    const put = await runWrk(praetor.url, { connections: 64, seconds, script: "put-keys.lua", words: [newRun()] });
    const rowsPerBatch = await batchSizeOf(praetor);
    return { praetor: put.value, limit: rowsPerBatch * (await commitsPerSecond(blockBytesOf(rowsPerBatch), seconds)) };
  },
};

/** Returns the average number of writes that shared a sync, from the agent's metrics. */
async function batchSizeOf(praetor: Contender): Promise<number> {
  let size = 0;
  await until("the metrics tell of the load", { withinMs: 2_000 * intervalSeconds, everyMs: 500 }, async () => {
    const response = await fetch(`${praetor.url}/v1/agent/metrics`);
    const { Samples: samples }: { readonly Samples: readonly Sample[] } = JSON.parse(await response.text());
    const countOf = (name: string): number => samples.find(({ Name }) => Name === name)?.Count ?? 0;
    size = countOf("consul.kvs.apply") / countOf("consul.raft.commitTime");
    return countOf("consul.kvs.apply") > 1_000;
  });
  return size;
}

interface Sample {
  readonly Name: string;
  readonly Count: number;
}

/** Returns the size in bytes of a batch that writes `rows` keys like those of the load, in the engine's encoding. */
function blockBytesOf(rows: number): number {
  const entry = {
    ...{ key: "bench/run-1/5000", value: new Uint8Array(keyBytes), flags: 0n, session: "" },
    ...{ createIndex: 1, modifyIndex: 1, lockIndex: 0, origin: "" as const },
  };
  const change = { table: kv.name, key: entry.key, value: kv.encode(entry) };
  const bytesOf = (count: number): number =>
    encodeBatch({ revision: 1_000_000, changes: Array.from({ length: count }, () => change) }).byteLength;
  return Math.round(bytesOf(0) + (bytesOf(1) - bytesOf(0)) * rows);
}

async function commitsPerSecond(blockBytes: number, seconds: number): Promise<number> {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const task: BareStoreTask = { folder, blockBytes, seconds };
  const program = await bareStore.start(task);
  try {
    const perSecond = Number(await program.line());
    await program.end();
    return perSecond;
  } finally {
    program.kill();
    rmSync(folder, { recursive: true, force: true });
  }
}
