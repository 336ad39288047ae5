import { PutRequestSchema, RangeRequestSchema } from "../../src/engine/etcd/generated/etcd_pb.ts";
import { BenchEtcd, type EtcdCall } from "../lib/bench-etcd.ts";
import { keyBytes } from "../lib/fill.ts";
import type { Limit } from "../lib/limit.ts";
import { Program } from "../lib/program.ts";
import { median } from "../lib/statistics.ts";
import { newRun, runWrk } from "../lib/wrk.ts";
import type { WatchEtcdTask } from "../programs/watch-etcd.ts";
import { key, timesToWake } from "../rows/watchers.ts";

/*
 * etcd as a second peer, for keys. wrk loads Praetor by HTTP, and h2load loads etcd by gRPC; both are native and have one thread. etcd
 * writes one key with one value again and again, which is less work than Praetor's 10,000 keys with another value each time.
 */

const connections = 64;
const path = "bench/read";
const value = "x".repeat(keyBytes);
const put: EtcdCall<typeof PutRequestSchema> = {
  ...{ path: "/etcdserverpb.KV/Put", schema: PutRequestSchema },
  message: { key: Buffer.from(path), value: Buffer.from(value) },
};
const range: EtcdCall<typeof RangeRequestSchema> = {
  ...{ path: "/etcdserverpb.KV/Range", schema: RangeRequestSchema },
  message: { key: Buffer.from(path) },
};

const shared = { of: "etcd, one member", against: "etcd", shareMin: 1 } as const;

export const etcdGet: Limit = {
  ...{ ...shared, name: "etcd-get", title: "read one key, 64 connections", unit: "requests/s" },
  async prepare(praetor) {
    await praetor.put(`/v1/kv/${path}`, value);
  },
  async measure(praetor, seconds) {
    const { value: own } = await runWrk(`${praetor.url}/v1/kv/${path}`, { connections, seconds });
    await using etcd = await BenchEtcd.start();
    await etcd.load(put, { connections: 1, seconds: 1 });
    const { perSecond } = await etcd.load(range, { connections, seconds });
    return { praetor: own, limit: perSecond };
  },
};

export const etcdPut: Limit = {
  ...{ ...shared, name: "etcd-put", title: "durable write of a key, 64 connections", unit: "requests/s" },
  async measure(praetor, seconds) {
    const load = { connections, seconds, script: "put-keys.lua", words: [newRun()] };
    const { value: own } = await runWrk(praetor.url, load);
    await using etcd = await BenchEtcd.start();
    const before = await etcd.revision();
    const { perSecond, calls } = await etcd.load(put, { connections, seconds });
    if ((await etcd.revision()) - before < calls) throw new Error("etcd has not made all writes that it has answered");
    return { praetor: own, limit: perSecond };
  },
};

const watchers = 1_000;

export const etcdWatch: Limit = {
  ...{ ...shared, name: "etcd-watch", title: "1,000 watchers of one key, from the write to the last answer" },
  unit: "answers/s",
  async measure(praetor) {
    const own = await timesToWake(praetor, { ...key.watched, count: watchers });
    await using etcd = await BenchEtcd.start();
    return {
      praetor: rateOf(own),
      limit: rateOf(await etcdTimes({ port: etcd.port, count: watchers, rounds: own.length })),
    };
  },
};

/** Returns the answers in a second of the median write. */
function rateOf(times: readonly (readonly number[])[]): number {
  return watchers / (median(times.map((each) => Math.max(...each))) / 1_000);
}

async function etcdTimes(task: WatchEtcdTask): Promise<readonly (readonly number[])[]> {
  // The first write warms up the client, as in the other rows.
  const times: number[][] = JSON.parse(await Program.run("watch-etcd", { ...task, rounds: task.rounds + 1 }));
  return times.slice(1);
}
