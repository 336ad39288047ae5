import { constants, Database, SQLiteError } from "bun:sqlite";
import { statSync } from "node:fs";
import { join } from "node:path";
import type { OperatingError } from "../../lib/errors.ts";
import { encodeBatch, encodeChanges, numberRow, PackedRow, revisionKey, RowPacker, unpackRows } from "./batch-codec.ts";
import { BatchLog, logSchema, newestLogged } from "./batch-log.ts";
import { failureOfStore, holderOfLock, storeDamaged, storeForeign, storeLocked, storeNewer } from "./failures.ts";
import { ensureFile, ensureFolder, syncLeftover } from "./folder.ts";
import { RowChanges, type StoredRow } from "./row-changes.ts";
import { nameOf, rowsSchema, RowTable } from "./row-table.ts";
import { findWalDamage } from "./wal-damage.ts";
import { WalLength } from "./wal-length.ts";

/*
 * The store in one SQLite file: the table of rows, and the log of the newest batches, which the rows do not have yet.
 * Life cycle: open (creates or checks the file and takes its lock), load (once, reads and checks everything), commit any
 * number of times and fold now and then, close.
 *
 *   commit:  log + [kv/a=1]    log + [kv/b=1]    log + [kv/a=2]          one sync each
 *   load:    rows, with what the log changes: kv/a=2 kv/b=1              writes nothing
 *   fold:    rows: kv/a=2    rows: kv/b=1, log: empty                    some rows at a time, no sync
 *
 * - A fold begins after the commit with which the log passed its limit; not at start, at close or when nothing is
 *   written. It goes on in steps between commits, and what is cut short begins anew: until the last step has taken the
 *   batches out of the log, a load lays them over the rows, those that have them already included.
 * - locking_mode=EXCLUSIVE: the lock is held from open to close, and WAL's index lives on the heap instead of in a -shm
 *   file. The lock is a POSIX one: closing any other handle on the file in this process would drop it, so nothing
 *   here opens the file besides SQLite.
 * - The file is born whole: a schema without rows is written beside it and linked into place. A file that is there but
 *   empty was therefore emptied by somebody, and is not mistaken for a new store.
 * - "The log" is the table of batches; SQLite's own log, praetor.db-wal, is the WAL.
 */

export const storeFileName = "praetor.db";
/** "Prtr": tells our files from other programs' SQLite files. */
const applicationId = 0x50727472;
const schemaVersion = 1;
/** The number of the newest batch that the rows have. */
const foldedKey = "folded";

const pageBytes = 4_096;
/** A fold may take the WAL past its limit; cutting it back would cost more than the room it takes. */
const walKeptBytes = 8 << 20;
/** A log so many times its limit grows faster than single steps fold it; then commits wait for more of them, some 30 ms. */
const logTooMany = 4;
const foldStepsThen = 32;
const blockBytes = 1 << 20;

/** Where a store folds and copies its WAL; smaller ones have a trial meet every case within a few batches. */
export interface StoreLimits {
  /** After so many pages SQLite copies the WAL into the file and writes it anew from its start. */
  readonly walPagesMax: number;
  /** The WAL is lengthened by so much at a time. */
  readonly walStepBytes: number;
  readonly logBytesMax: number;
  /** Read and written at a time by a fold. */
  readonly foldStepBatches: number;
  readonly foldStepRows: number;
}

const usualLimits: StoreLimits = {
  // 4 MiB.
  walPagesMax: 1_000,
  // Half a millisecond, for every 64 commits of one page.
  walStepBytes: 256 << 10,
  // A start reads this in some 100 ms. With 64 rows of 100 bytes a batch, a fold begins after every 700th commit, and writes
  // each row once, however often it was changed.
  logBytesMax: 6 << 20,
  // About a millisecond: so long a commit can be held up by a fold.
  foldStepBatches: 16,
  foldStepRows: 64,
};

const schema = `
  PRAGMA application_id = ${applicationId};
  PRAGMA user_version = ${schemaVersion};
  ${rowsSchema};
  ${logSchema}`;

const settings = ({ walPagesMax }: StoreLimits): string => `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = FULL;
  PRAGMA wal_autocheckpoint = ${walPagesMax};
  PRAGMA journal_size_limit = ${walKeptBytes};
  PRAGMA temp_store = MEMORY;
  PRAGMA cell_size_check = ON;
  PRAGMA trusted_schema = OFF`;

/** The log's batches up to one of them on their way into the rows: first they are merged, then the rows are written. */
interface Fold {
  readonly changes: RowChanges;
  /** The number of the newest batch that the changes have. */
  merged: number;
  /** The changes that are not written yet, once all are merged. */
  rows: Iterator<PackedRow> | undefined;
  /** The number of the newest batch. */
  readonly through: number;
  /** What the batches are in the log. */
  readonly bytes: number;
}

export class RowFile {
  readonly #file: string;
  readonly #database: Database;
  readonly #rows: RowTable;
  readonly #log: BatchLog;
  readonly #walLength: WalLength;
  readonly #limits: StoreLimits;
  #foldAtBytes: number;
  #folding: Fold | undefined;
  /** Every commit is synced (synchronous=FULL), as all are but those of a fold. */
  #isSynced = true;
  /** What a fold found wrong in the log. The next start will refuse the store, so nothing more is promised. */
  #damage: OperatingError | undefined;

  /** @throws OperatingError conflict when another agent has the file; unavailable when it cannot be used as it is. */
  static open(folder: string, limits: StoreLimits = usualLimits): RowFile {
    const file = join(folder, storeFileName);
    ensureFolder(folder);
    ensureFile(file, emptyImage);
    checkLength(file);
    checkWal(file);
    let database: Database | undefined;
    try {
      database = new Database(file, { readwrite: true, strict: true });
      return new RowFile(file, database, limits);
    } catch (error) {
      database?.close();
      throw failureOfStore(file, error);
    }
  }

  private constructor(file: string, database: Database, limits: StoreLimits) {
    this.#file = file;
    this.#limits = limits;
    this.#foldAtBytes = limits.logBytesMax;
    this.#database = database;
    // Before anything else is read, or SQLite makes a -shm file.
    database.run("PRAGMA locking_mode = EXCLUSIVE");
    checkIdentity(file, database);
    database.run(settings(limits));
    // Holds the lock from here on; fails at once when the file is read-only.
    database.run("BEGIN IMMEDIATE; COMMIT");
    syncLeftover(`${file}-wal`);
    this.#rows = new RowTable(file, database);
    this.#log = new BatchLog(file, database);
    this.#walLength = new WalLength(`${file}-wal`, {
      fullBytes: limits.walPagesMax * pageBytes,
      stepBytes: limits.walStepBytes,
    });
  }

  /** Hands on all rows in order, in blocks, after checking everything that is stored. */
  load(emit: (block: ArrayBuffer) => void): void {
    let last: StoredRow | undefined;
    try {
      this.#checkStructure();
      // Is there in every store, though a newer one may be in the log.
      this.#rows.number(revisionKey);
      const changes = this.#log.open(this.#rows.number(foldedKey));
      const packer = new RowPacker(blockBytes, emit);
      for (const row of changes.appliedTo(this.#rows.list())) {
        const { table, key, value } = row;
        if (value === undefined) continue;
        const packed = packer.add(table, key, value);
        // A row out of the log was checked with its batch.
        if (row instanceof PackedRow) continue;
        if (Bun.hash.crc32(packed) !== row.checksum)
          throw storeDamaged(this.#file, `the checksum of ${nameOf(row)} is wrong`);
        last = row;
      }
      packer.flush();
    } catch (error) {
      throw failureOfStore(this.#file, error, last === undefined ? undefined : `reading after ${nameOf(last)}`);
    }
  }

  /** Reads every page and finds lost or doubled ones, and rows out of order: 0.4 µs a row. */
  #checkStructure(): void {
    const found = readPragma(this.#database, "quick_check(1)");
    if (found !== "ok") throw storeDamaged(this.#file, String(found));
  }

  /**
   * Makes the batch durable in one transaction, or nothing of it.
   * @throws OperatingError unavailable
   */
  commit(batch: ArrayBuffer): void {
    if (this.#damage !== undefined) throw this.#damage;
    try {
      this.#ensureSynced();
      this.#log.append(batch);
    } catch (error) {
      const isRecovered = this.#recover(error);
      throw failureOfStore(this.#file, error, isRecovered ? undefined : doubtAfterRestart(error));
    }
  }

  /**
   * After a commit that failed. Emptying the WAL gives later commits the room in it when the disk is full. When the
   * disk failed to sync, the refused transaction may be in the WAL, whole, and would come back to life at the next
   * start: then the WAL is cut, not only rewound. Returns whether that was done: cutting takes a sync, too.
   */
  #recover(error: unknown): boolean {
    const full = error instanceof SQLiteError && error.code === "SQLITE_FULL";
    try {
      if (this.#database.inTransaction) this.#database.run("ROLLBACK");
      this.#database.run(`PRAGMA wal_checkpoint(${full ? "PASSIVE" : "TRUNCATE"})`);
      return true;
    } catch {
      // A disk that takes nothing at all: the caller is told of the commit's own error, and the next commit tries again.
      return false;
    } finally {
      if (!full) this.#walLength.forget();
    }
  }

  /** To be called after each commit, once it is answered. Returns whether there is more to do, step by step. */
  keepInShape(): boolean {
    this.#walLength.keepAhead();
    return this.#log.bytes >= this.#foldAtBytes && this.foldOn();
  }

  /** The next step of a fold. Returns whether there are more; commits can come in between. */
  foldOn(): boolean {
    const steps = this.#log.bytes > logTooMany * this.#limits.logBytesMax ? foldStepsThen : 1;
    for (let step = 1; step <= steps; step++) if (!this.#foldStep()) return false;
    return true;
  }

  #foldStep(): boolean {
    if (this.#damage !== undefined) return false;
    try {
      const fold = (this.#folding ??= this.#beginFold());
      return fold.rows === undefined ? this.#mergeStep(fold) : this.#writeStep(fold, fold.rows);
    } catch (error) {
      this.#folding = undefined;
      this.#recover(error);
      // Whatever else went wrong, the log still holds everything.
      // So much more is logged before the next is tried.
      this.#foldAtBytes = this.#log.bytes + this.#limits.logBytesMax / 4;
      const failure = failureOfStore(this.#file, error);
      if (failure.code === "data-damaged") this.#damage = failure;
      return false;
    }
  }

  #beginFold(): Fold {
    const { folded, newest, bytes } = this.#log;
    return { changes: new RowChanges(), merged: folded, rows: undefined, through: newest, bytes };
  }

  #mergeStep(fold: Fold): boolean {
    const until = Math.min(fold.merged + this.#limits.foldStepBatches, fold.through);
    this.#log.merge(fold.changes, { after: fold.merged, until });
    fold.merged = until;
    if (until === fold.through) fold.rows = fold.changes.inOrder();
    return true;
  }

  /**
   * Not synced: a step that a power cut takes back is in the log still, and the sync of a later commit is one for all
   * that was written before it.
   */
  #writeStep(fold: Fold, rows: Iterator<PackedRow>): boolean {
    this.#isSynced = false;
    this.#database.run("PRAGMA synchronous = NORMAL");
    this.#database.run("BEGIN IMMEDIATE");
    const more = this.#writeRows(rows);
    if (!more) this.#endFold(fold);
    this.#database.run("COMMIT");
    this.#ensureSynced();
    if (!more) this.#folded(fold);
    return more;
  }

  /** Commits are durable from here on. Cannot be done within a transaction, so not before what failed is rolled back. */
  #ensureSynced(): void {
    if (this.#isSynced) return;
    this.#database.run("PRAGMA synchronous = FULL");
    this.#isSynced = true;
  }

  /** Returns whether some are left. */
  #writeRows(rows: Iterator<PackedRow>): boolean {
    for (let written = 0; written < this.#limits.foldStepRows; written++) {
      const next = rows.next();
      if (next.done === true) return false;
      this.#rows.change(next.value);
    }
    return true;
  }

  #endFold({ through }: Fold): void {
    for (const row of unpackRows(encodeChanges([numberRow(foldedKey, through)]))) this.#rows.change(row);
    this.#log.deleteThrough(through);
  }

  /** The last step is committed. */
  #folded({ through, bytes }: Fold): void {
    this.#log.deletedThrough(through, bytes);
    this.#folding = undefined;
    this.#foldAtBytes = this.#limits.logBytesMax;
    // Otherwise the merged changes stay on the heap until long after.
    Bun.gc(true);
  }

  /** Copies the WAL into the file, removes it and frees the lock. */
  close(): void {
    this.#rows.close();
    this.#log.close();
    this.#database.close(true);
  }
}

/** What was written and not synced is whole in the WAL until a later commit takes its place. */
function doubtAfterRestart(error: unknown): string | undefined {
  const isWritten = error instanceof SQLiteError && error.code === "SQLITE_IOERR_FSYNC";
  return isWritten
    ? "and if the agent is killed before a later write is taken, this one may be there again"
    : undefined;
}

/** A new store: the schema, revision 0, and no batches. */
function emptyImage(): Uint8Array {
  const database = new Database(":memory:");
  try {
    database.run(schema);
    const rows = new RowTable(storeFileName, database);
    for (const row of unpackRows(encodeBatch({ revision: 0, changes: [numberRow(foldedKey, 0)] }))) rows.change(row);
    rows.close();
    return database.serialize();
  } finally {
    database.close();
  }
}

/** SQLite would take a file of a few bytes for a new database. */
function checkLength(file: string): void {
  const { size } = statSync(file);
  if (size < pageBytes)
    throw storeDamaged(file, `it is ${size} bytes long, which a store never is, not even a new one`);
}

/** Before SQLite has it: closing would make its beginning part of the file and delete the rest. */
function checkWal(file: string): void {
  const damage = findWalDamage(`${file}-wal`, () => newestStored(file));
  if (damage === undefined) return;
  // Somebody who writes it meanwhile can make it look so.
  throw holderOfLock(file) === undefined ? storeDamaged(file, damage) : storeLocked(file);
}

/** The newest batch of the file as if it had no WAL; undefined when it cannot be read without one. */
function newestStored(file: string): number | undefined {
  const uri = `file:${file.replaceAll(/[%?#]/g, encodeURIComponent)}?immutable=1`;
  try {
    using database = new Database(uri, constants.SQLITE_OPEN_READONLY | constants.SQLITE_OPEN_URI);
    const rows = new RowTable(file, database);
    const folded = rows.number(foldedKey);
    rows.close();
    return Math.max(folded, newestLogged(database));
  } catch {
    return undefined;
  }
}

function checkIdentity(file: string, database: Database): void {
  if (readPragma(database, "application_id") !== applicationId) throw storeForeign(file);
  const version = Number(readPragma(database, "user_version"));
  if (version > schemaVersion) throw storeNewer(file, { found: version, known: schemaVersion });
}

/** Finalizes what it prepares: a statement left over keeps the file open and locked after close. */
function readPragma(database: Database, pragma: string): unknown {
  using statement = database.prepare<Record<string, unknown>, []>(`PRAGMA ${pragma}`);
  return Object.values(statement.get() ?? {})[0];
}
