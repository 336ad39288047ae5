import type { Batch, Row, RowChange } from "../../src/engine/engine.ts";

const rowsOfABatch = 3;
/** Number of newest batches whose rows stay in the store, so that its size is bounded however long the trial runs. */
const batchesKept = 40;

/**
 * Returns the batch with this revision: rows that only it writes, one row that every batch overwrites, and the deletion of an old
 * batch's rows.
 */
export function trialBatch(revision: number): Batch {
  const old = revision - batchesKept;
  const deleted = old > 0 ? keysOf(old).map((key): RowChange => ({ table: "t", key, value: undefined })) : [];
  const written = rowsAfter(revision).filter((row) => row.key === "newest" || row.key.startsWith(`${revision}/`));
  return { revision, changes: [...deleted, ...written] };
}

/** Returns the rows of a store whose newest batch is `revision`, in no particular order. */
export function rowsAfter(revision: number): readonly Row[] {
  const rows: Row[] = revision > 0 ? [{ table: "t", key: "newest", value: Buffer.from(String(revision)) }] : [];
  for (let kept = Math.max(1, revision - batchesKept + 1); kept <= revision; kept++)
    for (const key of keysOf(kept)) rows.push({ table: "t", key, value: valueOf(key, kept) });
  return rows;
}

function keysOf(revision: number): readonly string[] {
  return Array.from({ length: rowsOfABatch }, (_, n) => `${revision}/${n}`);
}

/** Returns a value whose size is between a few bytes and several pages. */
function valueOf(key: string, revision: number): Buffer {
  return Buffer.from(`${key} `.repeat(1 + ((revision * 37) % 400)));
}
