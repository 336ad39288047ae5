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
 * The store in one SQLite file: the table of rows, and the log of the newest batches, which are not in the rows yet. A fold
 * applies the logged batches to the rows and deletes them from the log, as a checkpoint does with a write-ahead log.
 * Life cycle: open (creates or checks the file and takes its lock), load (once; reads and checks everything), commit any
 * number of times with folds between, close.
 *
 *   commit:  log + [kv/a=1]    log + [kv/b=1]    log + [kv/a=2]          one sync each
 *   load:    rows, with the log's changes applied: kv/a=2 kv/b=1         writes nothing
 *   fold:    rows: kv/a=2    rows: kv/b=1, log: empty                    some rows at a time, no sync
 *
 * - A fold begins after the commit that takes the log past its limit, never at start, at close or while the store is
 *   idle. It runs in steps between commits. An interrupted fold starts again from its first batch: the log keeps its batches
 *   until the last step, and a load applies them again to rows that have them already, with the same result.
 * - locking_mode=EXCLUSIVE: SQLite holds the lock from open to close, and keeps the WAL's index on the heap instead of in a
 *   -shm file. The lock is a POSIX lock: closing any other handle on the file in this process would release it, so only
 *   SQLite opens the file here.
 * - The file is created atomically: a schema without rows is written to a temporary file and linked into place. An
 *   empty file is therefore not a new store: another program emptied it, and `open` refuses it.
 * - "The log" is the table of batches; SQLite's write-ahead log, praetor.db-wal, is the WAL.
 */

export const storeFileName = "praetor.db";
/** "Prtr": distinguishes the store from other programs' SQLite files. */
const applicationId = 0x50727472;
const schemaVersion = 1;
/** The key under which the number of the newest batch in the table of rows is stored. */
const foldedKey = "folded";

const pageBytes = 4_096;
/**
 * A fold may take the WAL past its limit. SQLite truncates the WAL only beyond this number of bytes: truncating it after
 * each fold would cost more time than the space is worth.
 */
const walKeptBytes = 8 << 20;
/**
 * If the log is longer than this number of times its limit, commits fill it faster than single steps of a fold empty it. Each
 * turn of the event loop then takes `foldStepsAtOnce` steps of the fold, and commits wait some 30 ms.
 */
const logLimitsMax = 4;
const foldStepsAtOnce = 32;
const blockBytes = 1 << 20;

/** Limits at which a store folds its log and checkpoints its WAL. Small limits let a test reach every case within few batches. */
export interface StoreLimits {
  /** Number of pages at which SQLite checkpoints the WAL and overwrites it from its start. */
  readonly walPagesMax: number;
  /** Number of bytes by which the WAL is extended at a time. */
  readonly walStepBytes: number;
  readonly logBytesMax: number;
  /** Number of batches that one step of a fold reads. `foldStepRows` is the number of rows that one step writes. */
  readonly foldStepBatches: number;
  readonly foldStepRows: number;
}

const usualLimits: StoreLimits = {
  // 1,000 pages are 4 MiB.
  walPagesMax: 1_000,
  // Extending the WAL by 256 KiB takes half a millisecond, once in 64 commits of one page.
  walStepBytes: 256 << 10,
  // A start reads 6 MiB of log in some 100 ms. With 64 rows of 100 bytes in a batch, a fold begins after every 700th
  // commit. It writes each changed row once, however many batches changed the row.
  logBytesMax: 6 << 20,
  // A step of 16 batches takes about a millisecond, so a fold delays a commit by at most that.
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

/** A running fold of the log's batches up to `through`: it first merges their changes, then writes the merged rows. */
interface Fold {
  readonly changes: RowChanges;
  /** The number of the newest merged batch. */
  merged: number;
  /** The merged changes that are still to be written; undefined until all batches are merged. */
  rows: Iterator<PackedRow> | undefined;
  /** The number of the newest batch of this fold. */
  readonly through: number;
  /** Estimated bytes that the batches of this fold take in the log. */
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
  /** Whether SQLite syncs every transaction (synchronous=FULL). False only during a step of a fold, and after a failed step. */
  #isSynced = true;
  /** Damage that a fold found in the log. The next start will refuse the store, so every later commit is refused. */
  #damage: OperatingError | undefined;

  /**
   * Opens the store in a folder, or creates it.
   * @throws OperatingError conflict when another agent has the file open; unavailable when the file cannot be used
   */
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
    // Must be set before the first read, or SQLite creates a -shm file.
    database.run("PRAGMA locking_mode = EXCLUSIVE");
    checkIdentity(file, database);
    database.run(settings(limits));
    // Takes the lock, which SQLite then keeps; fails at once when the file is read-only.
    database.run("BEGIN IMMEDIATE; COMMIT");
    syncLeftover(`${file}-wal`);
    this.#rows = new RowTable(file, database);
    this.#log = new BatchLog(file, database);
    this.#walLength = new WalLength(`${file}-wal`, {
      fullBytes: limits.walPagesMax * pageBytes,
      stepBytes: limits.walStepBytes,
    });
  }

  /** Checks everything that is stored, and calls `emit` with blocks of all rows, in order. */
  load(emit: (block: ArrayBuffer) => void): void {
    let last: StoredRow | undefined;
    try {
      this.#checkStructure();
      // Checks that a revision exists: every store has one in its table of rows, although the log may hold a newer one.
      this.#rows.number(revisionKey);
      const changes = this.#log.open(this.#rows.number(foldedKey));
      const packer = new RowPacker(blockBytes, emit);
      for (const row of changes.appliedTo(this.#rows.list())) {
        const { table, key, value } = row;
        if (value === undefined) continue;
        const packed = packer.add(table, key, value);
        // The log has checked the rows of a batch by the batch's checksum.
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

  /** Reads every page to detect lost pages, pages used twice, and rows out of order. Takes 0.4 µs a row. */
  #checkStructure(): void {
    const found = readPragma(this.#database, "quick_check(1)");
    if (found !== "ok") throw storeDamaged(this.#file, String(found));
  }

  /**
   * Makes the whole batch durable in one transaction, or none of it.
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
   * Rolls back a transaction that failed and checkpoints the WAL, so that later commits can overwrite it when the disk is
   * full. After a failed sync the WAL may hold the refused transaction whole, and the next start would recover it: so the
   * checkpoint then truncates the WAL. Returns whether the checkpoint succeeded; truncating needs a sync, which may
   * fail too.
   */
  #recover(error: unknown): boolean {
    const full = error instanceof SQLiteError && error.code === "SQLITE_FULL";
    try {
      if (this.#database.inTransaction) this.#database.run("ROLLBACK");
      this.#database.run(`PRAGMA wal_checkpoint(${full ? "PASSIVE" : "TRUNCATE"})`);
      return true;
    } catch {
      // The disk fails every write. The caller reports the first error, and the next commit tries again.
      return false;
    } finally {
      if (!full) this.#walLength.reset();
    }
  }

  /**
   * Extends the WAL, and begins to move the logged batches into the table of rows (a fold) if the log has reached its limit.
   * Called after each answered commit. Returns whether the fold has further steps, for which the caller calls `continueFold`.
   */
  maintain(): boolean {
    this.#walLength.extend();
    return this.#log.bytes >= this.#foldAtBytes && this.continueFold();
  }

  /**
   * Moves the next part of the logged batches into the table of rows (a fold). Returns whether more remains; commits may run
   * between two calls.
   */
  continueFold(): boolean {
    const steps = this.#log.bytes > logLimitsMax * this.#limits.logBytesMax ? foldStepsAtOnce : 1;
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
      // The log still holds every batch, so nothing is lost. The next fold begins when the log has grown by a quarter
      // of its limit.
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
   * Commits one step without a sync. After a power cut that loses the step, the log still holds its batches; and the sync of
   * the next commit covers all earlier writes.
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

  /**
   * Makes SQLite sync every later transaction. SQLite refuses this change within a transaction, so the caller must first roll
   * back a transaction that failed.
   */
  #ensureSynced(): void {
    if (this.#isSynced) return;
    this.#database.run("PRAGMA synchronous = FULL");
    this.#isSynced = true;
  }

  /** Writes the rows of one step to the table of rows. Returns whether rows are left for later steps. */
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

  /** Ends a fold after its last step was committed: subtracts the folded batches from the log's size and releases the merged rows. */
  #folded({ through, bytes }: Fold): void {
    this.#log.deletedThrough(through, bytes);
    this.#folding = undefined;
    this.#foldAtBytes = this.#limits.logBytesMax;
    // Without this call the merged changes would stay on the heap for a long time.
    Bun.gc(true);
  }

  /** Checkpoints and removes the WAL, and releases the lock. */
  close(): void {
    this.#rows.close();
    this.#log.close();
    this.#database.close(true);
  }
}

/**
 * Returns a warning for the caller of a refused commit: a transaction that was written but not synced stays in the WAL
 * until a later commit overwrites it, so a restart may recover it.
 */
function doubtAfterRestart(error: unknown): string | undefined {
  const isWritten = error instanceof SQLiteError && error.code === "SQLITE_IOERR_FSYNC";
  return isWritten ? "and if the agent is killed before its next successful write, this write may reappear" : undefined;
}

/** Returns the bytes of a new store's file, with the schema, revision 0, and no batches. */
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

/** Throws if the file is shorter than a page. SQLite would take an empty file for a new database. */
function checkLength(file: string): void {
  const { size } = statSync(file);
  if (size < pageBytes) throw storeDamaged(file, `it is ${size} bytes long, and even a new store is longer`);
}

/**
 * Refuses a store with a damaged WAL. Must run before SQLite opens the file, because closing the file would checkpoint the WAL up
 * to the damage and delete the rest.
 */
function checkWal(file: string): void {
  const damage = findWalDamage(`${file}-wal`, () => newestStored(file));
  if (damage === undefined) return;
  // A WAL that a running agent writes at this moment can look damaged.
  throw holderOfLock(file) === undefined ? storeDamaged(file, damage) : storeLocked(file);
}

/** Returns the number of the newest batch in the file without its WAL; undefined if the file is not readable alone. */
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

/** Returns a pragma's value. Finalizes the statement, which would otherwise keep the file open and locked after close. */
function readPragma(database: Database, pragma: string): unknown {
  using statement = database.prepare<Record<string, unknown>, []>(`PRAGMA ${pragma}`);
  return Object.values(statement.get() ?? {})[0];
}
