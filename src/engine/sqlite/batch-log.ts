import type { Database, Statement } from "bun:sqlite";
import { storeDamaged } from "./failures.ts";
import { RowChanges } from "./row-changes.ts";

/*
 * The table of batches that are durable but not yet in the table of rows. A batch is one row of this table, packed as the store
 * sent it, so a commit only appends to one table, whatever rows it changes. From time to time a fold moves the logged batches
 * into the table of rows: it writes their rows, stores the number of the last batch as `folded`, and deletes the batches from
 * this table. Batches are numbered without a gap, from `folded` on:
 *
 *   rows: kv/a=1, folded=7    log: 8 [kv/b=1] 9 [kv/a deleted]    mean    kv/b=1, and the next batch is number 10
 *
 * A load therefore detects a batch that is missing at the start or in the middle. It also detects a batch that is stored under a
 * wrong number, as the checksum covers number and batch. It cannot detect that only the last batches are lost.
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
/**
 * Estimated number of bytes that a batch takes in the log besides its content. It bounds the number of small batches in the log.
 */
const overheadBytes = 64;

interface LoggedBatch {
  readonly seq: number;
  readonly batch: Uint8Array<ArrayBuffer>;
  readonly checksum: number;
}

/** Returns the number of the newest batch in the log, or 0 if the log is empty. */
export function newestLogged(database: Database): number {
  using newest = database.prepare<{ readonly seq: number | null }, []>("SELECT max(seq) AS seq FROM log");
  return newest.get()?.seq ?? 0;
}

export class BatchLog {
  readonly #file: string;
  readonly #database: Database;
  readonly #append: Statement<unknown, [number, Uint8Array, number]>;
  /** The number of the newest batch that a fold moved to the table of rows; the log's first batch is the next one. */
  #folded = 0;
  #newest = 0;
  #bytes = 0;

  constructor(file: string, database: Database) {
    this.#file = file;
    this.#database = database;
    this.#append = database.prepare(appendSql);
  }

  /** The number of the newest batch that a fold moved to the table of rows. */
  get folded(): number {
    return this.#folded;
  }

  /** The number of the newest committed batch. */
  get newest(): number {
    return this.#newest;
  }

  /** Estimated size of the log in bytes. A starting agent reads the whole log. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Appends a batch. If no transaction is open, the batch is durable when this returns, and rolled back when this throws. */
  append(batch: ArrayBuffer): void {
    const bytes = new Uint8Array(batch);
    const seq = this.#newest + 1;
    this.#append.run(seq, bytes, checksumOf(seq, bytes));
    this.#newest = seq;
    this.#bytes += bytes.byteLength + overheadBytes;
  }

  /** Reads the log, whose first batch follows batch `folded`, the newest in the table of rows. Returns the merged changes. */
  open(folded: number): RowChanges {
    this.#folded = folded;
    return this.#readAll();
  }

  /** Reads all batches and merges their changes. @throws OperatingError when a batch is missing or damaged */
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
   * Adds the changes of the batches after number `after`, up to and including number `until`, to `changes`.
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

  /** Deletes the batches up to `seq`. The caller stores `seq` as the new `folded` number in the same transaction. */
  deleteThrough(seq: number): void {
    this.#database.run("DELETE FROM log WHERE seq <= ?", [seq]);
  }

  /** Records that the transaction which deleted the batches up to `seq`, with an estimated size of `bytes`, was committed. */
  deletedThrough(seq: number, bytes: number): void {
    this.#folded = seq;
    this.#bytes -= bytes;
  }

  close(): void {
    this.#append.finalize();
  }
}

/** Returns the CRC-32 of a batch's number and bytes, so that a batch stored under a wrong number is detected. */
export function checksumOf(seq: number, batch: Uint8Array): number {
  return Bun.hash.crc32(batch, Bun.hash.crc32(String(seq)));
}
