import type { Batch, RowChange } from "../../src/engine/engine.ts";
import { decodeRows, encodeBatch } from "../../src/engine/sqlite/batch-codec.ts";
import { RowFile } from "../../src/engine/sqlite/row-file.ts";

const newRowsOfABatch = 30;
const oldRowsOfABatch = 10;

/** Returns the batch with this revision: new rows, overwrites of older rows, and one deletion. */
function largeBatch(revision: number): Batch {
  const first = revision * newRowsOfABatch;
  const changes: RowChange[] = [];
  for (let n = first; n < first + newRowsOfABatch; n++) changes.push(row(n, revision));
  for (let n = 0; n < oldRowsOfABatch; n++) changes.push(row((revision * 7_919 + n * 613) % first, revision));
  changes.push({ table: "kv", key: keyOf((revision * 104_729) % first), value: undefined });
  return { revision, changes };
}

function row(n: number, revision: number): RowChange {
  return { table: "kv", key: keyOf(n), value: Buffer.from(`${n} of ${revision}, `.repeat(10 + ((n * 37) % 80))) };
}

function keyOf(n: number): string {
  return `edgex/${String(n).padStart(7, "0")}`;
}

/** Number of batches that fill most of a WAL, and are too few for a fold, which moves logged batches into the table of rows. */
const batchesAfterwards = 100;

/**
 * Commits batches until `isEnough` returns true, then a hundred more, which stay in the log. Folds the log when a fold is due, as
 * the agent's thread does. The store stays open.
 */
export function fillStore(
  folder: string,
  isEnough: () => boolean,
): { readonly store: RowFile; readonly revision: number } {
  const store = RowFile.open(folder);
  store.load(() => {});
  let revision = 0;
  const commit = (): void => {
    store.commit(encodeBatch(largeBatch(++revision)));
    if (store.maintain()) while (store.continueFold());
  };
  do commit();
  while (!isEnough());
  for (let n = 0; n < batchesAfterwards; n++) commit();
  return { store, revision };
}

export interface Contents {
  readonly revision: number;
  readonly digest: bigint;
}

/**
 * Opens the store in a folder, reads all of its rows, and returns its revision and a digest of the rows.
 * @throws OperatingError when the engine refuses the store
 */
export function contentsOf(folder: string): Contents {
  const store = RowFile.open(folder);
  try {
    let digest = 0n;
    let revision = -1;
    store.load((block) => {
      const part = decodeRows(block);
      for (const { table, key, value } of part.rows) digest = digestOf(digest, `${table} ${key}`, value);
      revision = part.revision ?? revision;
    });
    return { revision, digest };
  } finally {
    store.close();
  }
}

const digests = new Map<number, bigint>();

/** Returns the revision and the digest of a store that `fillStore` has filled up to this revision. */
export function contentsAt(revision: number): Contents {
  const digest = digests.get(revision) ?? digestAt(revision);
  digests.set(revision, digest);
  return { revision, digest };
}

function digestAt(revision: number): bigint {
  const rows = new Map<string, Uint8Array>();
  for (let each = 1; each <= revision; each++) {
    for (const { table, key, value } of largeBatch(each).changes) {
      if (value === undefined) rows.delete(`${table} ${key}`);
      else rows.set(`${table} ${key}`, value);
    }
  }
  let digest = 0n;
  for (const [name, value] of [...rows].toSorted(([a], [b]) => (a < b ? -1 : 1)))
    digest = digestOf(digest, name, value);
  return digest;
}

function digestOf(before: bigint, name: string, value: Uint8Array): bigint {
  return Bun.hash.wyhash(value, Bun.hash.wyhash(name, before));
}
