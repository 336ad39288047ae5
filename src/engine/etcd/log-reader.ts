import { MemoryStore } from "../memory/memory-engine.ts";
import type { Batch } from "../engine.ts";
import type { CommittedBatch, Position } from "../replicated-engine.ts";
import { decodeRows, textOf } from "../sqlite/batch-codec.ts";
import { decodeBlock, readEnd } from "./batch-block.ts";
import type { EtcdClient, Persistence } from "./etcd-client.ts";
import { logDamaged, logNewer } from "./failures.ts";
import type { KeyValue } from "./generated/etcd_pb.ts";
import { grpcCode, GrpcError } from "./grpc-channel.ts";
import { emptyHead, emptySnapshot, type Head, type Layout, layoutVersion, type Snapshot } from "./layout.ts";
import { BlockJoiner } from "./snapshot-block.ts";
import { get, readAt } from "./transaction.ts";

/** Number of keys that a first request reads; the value of each has up to half a megabyte. */
const pageKeysMin = 16;
/** Number of keys that one request reads at most, and the bytes of values above which the next one reads fewer. */
const pageKeysMax = 1_024;
const pageBytes = 1 << 20;

/** The head and the snapshot at one revision of etcd, each with the revision at which it was put; 0 if it was never put. */
export interface Marks {
  readonly revision: bigint;
  readonly head: Head;
  readonly headRevision: bigint;
  readonly snapshot: Snapshot;
  readonly snapshotRevision: bigint;
}

/** All rows as they are after the batch at `marks.head`. */
export interface LoadedLog {
  readonly marks: Marks;
  readonly store: MemoryStore;
}

/** Batches from a position on, up to the newest batch or to as many as one request reads. */
export interface LogPage {
  /** Undefined if the first of them is not in the log any more, or if one cannot be decoded. */
  readonly batches: readonly CommittedBatch[] | undefined;
  /** Whether the log has more batches after these. */
  readonly more: boolean;
  /** The revision of etcd at which the log was read. */
  readonly revision: bigint;
  /** The size of the next page, if it is read at once. */
  readonly nextSize: PageSize;
}

/** Number of keys that a request reads. */
export type PageSize = number;

/**
 * Reads a cluster's keys. The methods reject with the errors of EtcdClient.persist, and with OperatingError for keys that
 * cannot be read.
 */
export class LogReader {
  readonly #client: EtcdReads;
  readonly #layout: Layout;

  constructor(client: EtcdReads, layout: Layout) {
    this.#client = client;
    this.#layout = layout;
  }

  async marks(persistence: Persistence): Promise<Marks> {
    const { format, snapshot, head } = this.#layout;
    const read = { success: [get(format), get(snapshot), get(head)] };
    const found = await this.#client.persist((deadlineMs) => this.#client.txn(read, deadlineMs), persistence);
    const [version, snapshotKey, headKey] = [0, 1, 2].map((at) => readAt(found, at)[0]);
    if (version && textOf(version.value) !== String(layoutVersion))
      throw logNewer(textOf(format), { found: textOf(version.value), known: layoutVersion });
    return {
      revision: found.header?.revision ?? 0n,
      head: headKey ? readHead(headKey) : emptyHead,
      headRevision: headKey?.modRevision ?? 0n,
      snapshot: snapshotKey ? readSnapshot(snapshotKey) : emptySnapshot,
      snapshotRevision: snapshotKey?.modRevision ?? 0n,
    };
  }

  /**
   * Returns all rows as of one revision. If a snapshot compacts the history of that revision meanwhile, begins again at a newer
   * one.
   */
  async load(persistence: Persistence): Promise<LoadedLog> {
    for (;;) {
      try {
        return await this.#load(await this.marks(persistence), persistence);
      } catch (error) {
        if (!isCompacted(error)) throw error;
      }
    }
  }

  async #load(marks: Marks, persistence: Persistence): Promise<LoadedLog> {
    const { head, snapshot, revision } = marks;
    const layout = this.#layout;
    const store = new MemoryStore();
    const [first, last] = [layout.block(snapshot.seq, 0), layout.block(snapshot.seq, snapshot.keys)];
    const joiner = new BlockJoiner();
    let keys = 0;
    for await (const kv of this.#range(first, last, { revision, persistence })) {
      keys += 1;
      const block = joiner.add(kv.value);
      if (block) store.apply({ revision: snapshot.revision, changes: readRows(kv.key, block) });
    }
    if (keys !== snapshot.keys)
      throw logDamaged(textOf(layout.snapshot), `${snapshot.keys - keys} of its ${snapshot.keys} blocks are missing`);
    let seq = snapshot.seq;
    for await (const kv of this.#range(layout.batch(seq + 1), layout.batchesEnd, { revision, persistence })) {
      seq += 1;
      const batch = layout.seqOf(kv.key) === seq ? await this.#decode(kv, { revision, persistence }) : undefined;
      if (!batch) throw logDamaged(textOf(layout.batch(seq)), "it is missing, incomplete or not a batch");
      store.apply(batch);
    }
    if (seq !== head.seq) throw logDamaged(textOf(layout.batch(head.seq)), "it is missing");
    return { marks, store };
  }

  /** Reads one page of the log: the batches from `from` on. */
  async page(from: Position, persistence: Persistence, size: PageSize = pageKeysMin): Promise<LogPage> {
    const layout = this.#layout;
    const read = { success: [get(layout.head), get(layout.batch(from), layout.batchesEnd, size)] };
    const found = await this.#client.persist((deadlineMs) => this.#client.txn(read, deadlineMs), persistence);
    const revision = found.header?.revision ?? 0n;
    const [headKey] = readAt(found, 0);
    const last = headKey ? readHead(headKey).seq : 0;
    const batches: CommittedBatch[] = [];
    const kvs = readAt(found, 1);
    const nextSize = sizeAfter(size, kvs);
    for (const kv of kvs) {
      const decoded = await this.batch(kv, from + batches.length, persistence);
      if (!decoded) return { batches: undefined, more: false, revision, nextSize };
      batches.push(decoded);
    }
    const isGone = batches.length === 0 && last >= from;
    return { batches: isGone ? undefined : batches, more: from + batches.length <= last, revision, nextSize };
  }

  /** Returns the batch that the key holds; undefined if it is at another position, cannot be decoded, or lacks a part. */
  async batch(kv: KeyValue, position: Position, persistence: Persistence): Promise<CommittedBatch | undefined> {
    if (this.#layout.seqOf(kv.key) !== position) return undefined;
    return this.#decode(kv, { revision: 0n, persistence });
  }

  async #decode(kv: KeyValue, options: RangeOptions): Promise<CommittedBatch | undefined> {
    const end = readEnd(kv.value);
    if (!end) return undefined;
    const parts: Uint8Array[] = [];
    if (end.parts > 0) {
      const seq = this.#layout.seqOf(kv.key);
      const [first, last] = [this.#layout.part(seq, end.term, 0), this.#layout.part(seq, end.term, end.parts)];
      for await (const part of this.#range(first, last, options)) parts.push(part.value);
    }
    return decodeBlock(end, parts);
  }

  /** Yields the keys from `from` to before `end`, as of a revision; 0 means now. */
  async *#range(from: Uint8Array, end: Uint8Array, { revision, persistence }: RangeOptions): AsyncGenerator<KeyValue> {
    let key = from;
    let size = pageKeysMin;
    for (;;) {
      const request = { key, rangeEnd: end, revision, limit: BigInt(size) };
      const { kvs, more } = await this.#client.persist(
        (deadlineMs) => this.#client.range(request, deadlineMs),
        persistence,
      );
      yield* kvs;
      const last = kvs.at(-1);
      if (!more || !last) return;
      key = Buffer.concat([last.key, Buffer.of(0)]);
      size = sizeAfter(size, kvs);
    }
  }
}

/**
 * Returns the size of the page after a page. Each request waits until etcd has heard most of its members, so a log of thousands of
 * small batches is read in ever larger pages.
 */
function sizeAfter(size: PageSize, kvs: readonly KeyValue[]): PageSize {
  const bytes = kvs.reduce((total, { value }) => total + value.length, 0);
  const wanted = Math.min(2 * size, Math.floor((size * pageBytes) / Math.max(bytes, 1)));
  return Math.min(Math.max(wanted, pageKeysMin), pageKeysMax);
}

type EtcdReads = Pick<EtcdClient, "persist" | "range" | "txn">;

interface RangeOptions {
  readonly revision: bigint;
  readonly persistence: Persistence;
}

/** Decodes the value of the head's key. @throws OperatingError if it is not JSON */
export function readHead(kv: KeyValue): Head {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the fence lets only this program write the key
  return readJson(kv) as Head;
}

function readSnapshot(kv: KeyValue): Snapshot {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as above
  return readJson(kv) as Snapshot;
}

function readJson(kv: KeyValue): unknown {
  try {
    return JSON.parse(textOf(kv.value));
  } catch {
    throw logDamaged(textOf(kv.key), "it is not JSON");
  }
}

function readRows(key: Uint8Array, block: ArrayBuffer): Batch["changes"] {
  try {
    return decodeRows(block).rows;
  } catch {
    throw logDamaged(textOf(key), "it is not a block of rows");
  }
}

function isCompacted(error: unknown): boolean {
  return error instanceof GrpcError && error.code === grpcCode.outOfRange;
}
