import { decodeRows, encodeBatch } from "../../../src/engine/sqlite/batch-codec.ts";
import type { Row } from "../../../src/engine/engine.ts";
import { RowFile, type StoreLimits } from "../../../src/engine/sqlite/row-file.ts";
import { rowsAfter, trialBatch } from "../trial-batch.ts";

/** Limits with which the store folds its log, in several steps, and restarts its WAL after every dozen batches. */
export const smallLimits: StoreLimits = {
  walPagesMax: 24,
  walStepBytes: 16 << 10,
  logBytesMax: 40 << 10,
  foldStepBatches: 4,
  foldStepRows: 16,
};

/** Loads the store and returns only its revision, without the rows. */
export function revisionIn(store: RowFile): number {
  return loaded(store).revision;
}

function loaded(store: RowFile): { readonly revision: number; readonly rows: readonly Row[] } {
  const blocks: ArrayBuffer[] = [];
  store.load((block) => blocks.push(block));
  const parts = blocks.map(decodeRows);
  const revision = parts.find((part) => part.revision !== undefined)?.revision;
  if (revision === undefined) throw new Error("a store was loaded without its revision");
  return { revision, rows: parts.flatMap((part) => part.rows) };
}

/**
 * Opens the store and returns its revision.
 * @throws Error when the store does not open, or does not have exactly the rows of the batches up to its revision
 */
export function checkedRevision(folder: string): number {
  return withStore(folder, (store) => {
    const { revision, rows } = loaded(store);
    const found = digestOf(rows);
    if (found !== expectedDigest(revision)) throw new Error(`it holds other rows than those of batch ${revision}`);
    return revision;
  });
}

/** Commits one more batch to a store after a power cut. */
export function commitNext(folder: string): void {
  withStore(folder, (store) => store.commit(encodeBatch(trialBatch(revisionIn(store) + 1))));
}

function withStore<T>(folder: string, use: (store: RowFile) => T): T {
  const store = RowFile.open(folder, smallLimits);
  try {
    return use(store);
  } finally {
    store.close();
  }
}

const digests = new Map<number, string>();

function expectedDigest(revision: number): string {
  const known = digests.get(revision) ?? digestOf(rowsAfter(revision));
  digests.set(revision, known);
  return known;
}

function digestOf(rows: readonly Row[]): string {
  const lines = rows.map((row) => `${row.table} ${row.key} ${row.value.byteLength} ${Bun.hash.wyhash(row.value)}`);
  return String(Bun.hash.wyhash(lines.toSorted().join("\n")));
}
