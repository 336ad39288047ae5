import { RowPacker } from "../sqlite/batch-codec.ts";
import type { EtcdClient, Persistence } from "./etcd-client.ts";
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { RequestOpSchema, TxnResponse } from "./generated/etcd_pb.ts";
import { type Layout, partBytes, type Snapshot } from "./layout.ts";
import { cutBlock } from "./snapshot-block.ts";
import type { LoadedLog, LogReader } from "./log-reader.ts";
import { drop, put } from "./transaction.ts";

/** Runs operations in one transaction with the term's fence. Resolves with undefined, without effect, when the term is over. */
export type FencedWrite = (
  operations: readonly MessageInitShape<typeof RequestOpSchema>[],
) => Promise<TxnResponse | undefined>;

export interface SnapshotPlace {
  readonly client: EtcdClient;
  readonly layout: Layout;
  readonly reader: LogReader;
  readonly write: FencedWrite;
}

/**
 * Writes the rows of the newest batch as a snapshot, and deletes the earlier snapshot and the batches up to that one (see
 * Layout). Reads the rows from etcd, so that a leader needs no second copy of them in its memory. Returns the newest snapshot;
 * undefined when the term is over.
 */
export async function writeSnapshot(place: SnapshotPlace, persistence: Persistence): Promise<Snapshot | undefined> {
  const { client, layout, write } = place;
  const loaded = await place.reader.load(persistence);
  const { head, snapshot: before, snapshotRevision } = loaded.marks;
  if (head.seq === before.seq) return before;
  const keys = pack(loaded);
  // A leader whose term ended while it wrote a snapshot of this position may have left blocks.
  if (!(await write([drop(layout.blocks(head.seq), layout.blocks(head.seq + 1))]))) return undefined;
  for (const [n, value] of keys.entries())
    if (!(await write([put(layout.block(head.seq, n), value)]))) return undefined;
  const bytes = keys.reduce((total, { byteLength }) => total + byteLength, 0);
  const { revision } = loaded.store;
  const snapshot: Snapshot = { seq: head.seq, revision, keys: keys.length, bytes, logBytes: head.bytes };
  const named = await write([
    put(layout.snapshot, JSON.stringify(snapshot)),
    drop(layout.blocks(0), layout.blocks(head.seq)),
    drop(layout.batch(0), layout.batch(before.seq + 1)),
    drop(layout.parts(0), layout.parts(before.seq + 1)),
  ]);
  if (!named) return undefined;
  if (snapshotRevision > 0n) await compact(client, snapshotRevision, persistence);
  return snapshot;
}

/** Compacts the history of etcd. Only logs a failure, since the next compaction deletes the same history too. */
async function compact(client: EtcdClient, revision: bigint, persistence: Persistence): Promise<void> {
  try {
    await client.persist((deadlineMs) => client.compact(revision, deadlineMs), persistence);
  } catch (error) {
    client.report("the history of etcd could not be compacted", error);
  }
}

function pack({ store }: LoadedLog): Uint8Array[] {
  const keys: Uint8Array[] = [];
  const packer = new RowPacker(partBytes, (block) => void keys.push(...cutBlock(new Uint8Array(block))));
  for (const { table, key, value } of store.rows()) packer.add(Buffer.from(table), Buffer.from(key), value);
  packer.flush();
  return keys;
}
