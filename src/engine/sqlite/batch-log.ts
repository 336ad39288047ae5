import type { Database, Statement } from "bun:sqlite";
import { storeDamaged } from "./failures.ts";
import { RowChanges } from "./row-changes.ts";

/*
 * The table of batches that are durable but not yet in the table of rows. A batch is one row here, packed as the store sent
 * it, so a commit only appends to one table, whatever rows it changes. Batches are numbered without a gap, from the
 * number that the last fold stored among the rows:
 *
 *   rows: kv/a=1, folded=7    log: 8 [kv/b=1] 9 [kv/a deleted]    mean    kv/b=1, and the next batch is number 10
 *
 * A load therefore finds a batch that is missing at the start or in the middle. It also finds a batch under another's
 * number, as the checksum covers both. It cannot tell batches lost from the end alone from batches never written.
 */

export const logSchema = `
  CREATE TABLE log (
    seq      INTEGER PRIMARY KEY,
    batch    BLOB NOT NULL,
    checksum INTEGER NOT NULL
  ) STRICT`;

const appendSql = "INSERT INTO log VALUES (?1, ?2, ?3)";
const listSql = "SELECT seq, batch, checksum FROM log ORDER BY seq";
const someSql = "SELECT seq, batch, checksum FROM log WHERE seq > ?1 AND seq <= ?2 ORDER BY seq";
/** About what a batch takes in the log besides its bytes; bounds the number of small batches. */
const overheadBytes = 64;

interface LoggedBatch {
  readonly seq: number;
  readonly batch: Uint8Array<ArrayBuffer>;
  readonly checksum: number;
}

/** The number of the newest batch in the table; 0 when it has none. */
export function newestLogged(database: Database): number {
  using newest = database.prepare<{ readonly seq: number | null }, []>("SELECT max(seq) AS seq FROM log");
  return newest.get()?.seq ?? 0;
}

export class BatchLog {
  readonly #file: string;
  readonly #database: Database;
  readonly #append: Statement<unknown, [number, Uint8Array, number]>;
  /** The number of the newest folded batch; the log's first batch follows it. */
  #folded = 0;
  #newest = 0;
  #bytes = 0;

  constructor(file: string, database: Database) {
    this.#file = file;
    this.#database = database;
    this.#append = database.prepare(appendSql);
  }

  /** The number of the newest folded batch. */
  get folded(): number {
    return this.#folded;
  }

  /** The number of the newest batch. */
  get newest(): number {
    return this.#newest;
  }

  /** About how many bytes a start reads. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Appends a batch. Outside a transaction this is one by itself: durable when it returns, rolled back when it throws. */
  append(batch: ArrayBuffer): void {
    const bytes = new Uint8Array(batch);
    const seq = this.#newest + 1;
    this.#append.run(seq, bytes, checksumOf(seq, bytes));
    this.#newest = seq;
    this.#bytes += bytes.byteLength + overheadBytes;
  }

  /** Reads the batches after `folded`, the newest one that is in the rows, and returns their merged changes. */
  open(folded: number): RowChanges {
    this.#folded = folded;
    return this.#readAll();
  }

  /** @throws OperatingError when a batch is missing or damaged */
  #readAll(): RowChanges {
    using list = this.#database.prepare<LoggedBatch, []>(listSql);
    const changes = new RowChanges();
    let newest = this.#folded;
    let bytes = 0;
    for (const logged of list.iterate()) {
      newest++;
      this.#addChecked(changes, logged, newest);
      bytes += logged.batch.byteLength + overheadBytes;
    }
    this.#newest = newest;
    this.#bytes = bytes;
    return changes;
  }

  /**
   * Adds the changes of the batches after number `after`, through number `until`.
   * @throws OperatingError when a batch is missing or damaged
   */
  merge(changes: RowChanges, { after, until }: { readonly after: number; readonly until: number }): void {
    using list = this.#database.prepare<LoggedBatch, [number, number]>(someSql);
    let seq = after;
    for (const logged of list.iterate(after, until)) this.#addChecked(changes, logged, ++seq);
    if (seq !== until) throw storeDamaged(this.#file, `its log has no batch ${seq + 1}`);
  }

  #addChecked(changes: RowChanges, { seq, batch, checksum }: LoggedBatch, expected: number): void {
    if (seq !== expected) throw storeDamaged(this.#file, `its log has batch ${seq} where batch ${expected} belongs`);
    if (checksumOf(seq, batch) !== checksum)
      throw storeDamaged(this.#file, `the checksum of batch ${seq} of its log is wrong`);
    try {
      changes.add(batch);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      throw storeDamaged(this.#file, `batch ${seq} of its log is not a sequence of rows`);
    }
  }

  /** Deletes folded batches, in the transaction that stores the new `folded` number. */
  deleteThrough(seq: number): void {
    this.#database.run("DELETE FROM log WHERE seq <= ?", [seq]);
  }

  /** Follows the commit of that transaction. */
  deletedThrough(seq: number, bytes: number): void {
    this.#folded = seq;
    this.#bytes -= bytes;
  }

  close(): void {
    this.#append.finalize();
  }
}

/** The CRC-32 of a batch's number and bytes, so that a batch under another's number is found. */
export function checksumOf(seq: number, batch: Uint8Array): number {
  return Bun.hash.crc32(batch, Bun.hash.crc32(String(seq)));
}
