import { systemClock } from "../../src/lib/clock.ts";
import { createLog, type Log } from "../../src/lib/log.ts";
import { EtcdClient } from "../../src/engine/etcd/etcd-client.ts";
import { type EtcdEngine, type EtcdOptions, openEtcdEngine } from "../../src/engine/etcd/etcd-engine.ts";
import { Layout } from "../../src/engine/etcd/layout.ts";
import { LogReader } from "../../src/engine/etcd/log-reader.ts";
import { writeSnapshot } from "../../src/engine/etcd/snapshot-writer.ts";
import { drop } from "../../src/engine/etcd/transaction.ts";
import type { EtcdCluster } from "./etcd.ts";

/** Milliseconds of a lease that lasts so long that a slow machine does not lose it. */
const unhurriedMs = 60_000;
const deadlineMs = 60_000;

/** The keys of one cluster of Praetor's servers in an etcd. Several clusters share the etcd under different prefixes. */
export interface EtcdPlace {
  readonly prefix: string;
  readonly layout: Layout;
  readonly reader: LogReader;
  readonly client: EtcdClient;
  /** The lines that the engines have logged. */
  readonly logged: readonly string[];
  open(name: string, options?: Partial<EtcdOptions>): Promise<EtcdEngine>;
  /** Revokes the leader's lease, as when it expires. */
  expire(): Promise<void>;
  /** Writes a snapshot, and deletes all batches so far and their history. */
  compact(): Promise<void>;
  remove(): void;
}

let places = 0;

/** Returns a place with a new prefix, for the servers that a test opens. */
export function openEtcdPlace({ endpoints }: Pick<EtcdCluster, "endpoints">): EtcdPlace {
  const prefix = `place-${++places}/`;
  const logged: string[] = [];
  const log: Log = createLog(
    { level: "trace", json: false, clock: systemClock, sink: (line) => void logged.push(line) },
    "etcd",
  );
  const client = new EtcdClient({ endpoints }, { clock: systemClock, log });
  const layout = new Layout(prefix);
  const reader = new LogReader(client, layout);
  return {
    prefix,
    layout,
    reader,
    client,
    logged,
    open: async (name, options) =>
      openEtcdEngine({ endpoints, name, prefix, log, electionMs: unhurriedMs, ...options }),
    async expire() {
      const { kvs } = await client.range({ key: layout.leader }, deadlineMs);
      for (const { lease } of kvs) await client.revokeLease(lease, deadlineMs);
    },
    async compact() {
      const write = (operations: readonly object[]) => client.txn({ success: [...operations] }, deadlineMs);
      const snapshot = await writeSnapshot({ client, layout, reader, write }, {});
      if (!snapshot) return;
      const deleted = await write([drop(layout.batch(0), layout.batch(snapshot.seq + 1))]);
      await client.compact(deleted.header?.revision ?? 0n, deadlineMs);
    },
    remove: () => client.close(),
  };
}
