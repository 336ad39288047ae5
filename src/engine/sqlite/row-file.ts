import { Database, SQLiteError, type Statement } from "bun:sqlite";
import { statSync } from "node:fs";
import { join } from "node:path";
import { encodeBatch, type PackedRow, revisionTable, RowPacker, textOf, unpackRows } from "./batch-codec.ts";
import { failureOfStore, storeDamaged, storeForeign, storeNewer } from "./failures.ts";
import { ensureFile, ensureFolder } from "./folder.ts";

/*
 * The rows in one SQLite file. Life cycle: open (creates or checks the file and takes its lock), load (once, reads and
 * checks every row), commit any number of times, close.
 *
 * - locking_mode=EXCLUSIVE: the lock is held from open to close, and WAL's index lives on the heap instead of in a -shm
 *   file. The lock is a POSIX one: closing any other handle on the file in this process would drop it, so nothing
 *   here opens the file besides SQLite.
 * - The file is born whole: a schema without rows is written beside it and linked into place. A file that is there but
 *   empty was therefore emptied by somebody, and is not mistaken for a new store.
 */

const fileName = "praetor.db";
/** "Prtr": tells our files from other programs' SQLite files. */
const applicationId = 0x50727472;
const schemaVersion = 1;

/** 4 MiB of log: after so many pages it is copied into the file and written anew from its start. */
const walPagesMax = 1_000;
const pageBytes = 4_096;
const blockBytes = 1 << 20;

const schema = `
  PRAGMA application_id = ${applicationId};
  PRAGMA user_version = ${schemaVersion};
  CREATE TABLE rows (
    "table"  TEXT NOT NULL,
    "key"    TEXT NOT NULL,
    value    BLOB NOT NULL,
    checksum INTEGER NOT NULL,
    PRIMARY KEY ("table", "key")
  ) STRICT, WITHOUT ROWID`;

// The names arrive as UTF-8 and are stored as they are: a cast of bytes to text converts nothing.
const putSql = `REPLACE INTO rows VALUES (CAST(?1 AS TEXT), CAST(?2 AS TEXT), ?3, ?4)`;
const deleteSql = `DELETE FROM rows WHERE "table" = CAST(?1 AS TEXT) AND "key" = CAST(?2 AS TEXT)`;
const listSql = `
  SELECT CAST("table" AS BLOB) AS "table", CAST("key" AS BLOB) AS "key", value, checksum
  FROM rows ORDER BY "table", "key"`;

const settings = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = FULL;
  PRAGMA wal_autocheckpoint = 0;
  PRAGMA journal_size_limit = ${walPagesMax * pageBytes};
  PRAGMA temp_store = MEMORY;
  PRAGMA cell_size_check = ON;
  PRAGMA trusted_schema = OFF`;

interface StoredRow {
  readonly table: Uint8Array;
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  readonly checksum: number;
}

export class RowFile {
  readonly #file: string;
  readonly #database: Database;
  readonly #put: Statement<unknown, [Uint8Array, Uint8Array, Uint8Array, number]>;
  readonly #delete: Statement<unknown, [Uint8Array, Uint8Array]>;
  readonly #begin: Statement<unknown, []>;
  readonly #end: Statement<unknown, []>;
  readonly #walState: Statement<{ log: number; checkpointed: number }, []>;

  /** @throws OperatingError conflict when another agent has the file; unavailable when it cannot be used as it is. */
  static open(folder: string): RowFile {
    const file = join(folder, fileName);
    ensureFolder(folder);
    ensureFile(file, emptyImage);
    checkLength(file);
    let database: Database | undefined;
    try {
      database = new Database(file, { readwrite: true, strict: true });
      return new RowFile(file, database);
    } catch (error) {
      database?.close();
      throw failureOfStore(file, error);
    }
  }

  private constructor(file: string, database: Database) {
    this.#file = file;
    this.#database = database;
    // Before anything else is read, or SQLite makes a -shm file.
    database.run("PRAGMA locking_mode = EXCLUSIVE");
    checkIdentity(file, database);
    database.run(settings);
    // Holds the lock from here on; fails at once when the file is read-only.
    database.run("BEGIN IMMEDIATE; COMMIT");
    this.#put = database.prepare(putSql);
    this.#delete = database.prepare(deleteSql);
    this.#begin = database.prepare("BEGIN IMMEDIATE");
    this.#end = database.prepare("COMMIT");
    this.#walState = database.prepare("PRAGMA wal_checkpoint(NOOP)");
  }

  /** Hands on all rows in order, in blocks, after checking each against its checksum. */
  load(emit: (block: ArrayBuffer) => void): void {
    let last: StoredRow | undefined;
    let hasRevision = false;
    const list = this.#database.prepare<StoredRow, []>(listSql);
    try {
      this.#checkStructure();
      const packer = new RowPacker(blockBytes, emit);
      for (const row of list.iterate()) {
        if (Bun.hash.crc32(packer.add(row.table, row.key, row.value)) !== row.checksum)
          throw storeDamaged(this.#file, `the checksum of ${nameOf(row)} is wrong`);
        last = row;
        hasRevision ||= row.table.byteLength === revisionTable.length;
      }
      packer.flush();
    } catch (error) {
      throw failureOfStore(this.#file, error, last === undefined ? undefined : `reading after ${nameOf(last)}`);
    } finally {
      list.finalize();
    }
    if (!hasRevision) throw storeDamaged(this.#file, "its revision is missing");
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
    try {
      this.#begin.run();
      for (const row of unpackRows(batch)) this.#change(row);
      this.#end.run();
    } catch (error) {
      this.#recover(error);
      throw failureOfStore(this.#file, error);
    }
  }

  #change(row: PackedRow): void {
    if (row.value === undefined) this.#delete.run(row.table, row.key);
    else this.#put.run(row.table, row.key, row.value, Bun.hash.crc32(row.packed));
  }

  /**
   * After a commit that failed. Emptying the log gives later commits the room in it when the disk is full. When the
   * disk failed to sync, the refused transaction may be in the log, whole, and would come back to life at the next
   * start: then the log is cut, not only rewound.
   */
  #recover(error: unknown): void {
    const full = error instanceof SQLiteError && error.code === "SQLITE_FULL";
    try {
      if (this.#database.inTransaction) this.#database.run("ROLLBACK");
      this.#database.run(`PRAGMA wal_checkpoint(${full ? "PASSIVE" : "TRUNCATE"})`);
    } catch {
      // A disk that takes nothing at all: the caller is told of the commit's own error, and the next commit tries again.
    }
  }

  /** Keeps the log bounded. A failure is left to the next commit to meet: the log still holds everything. */
  checkpointIfDue(): void {
    try {
      const state = this.#walState.get();
      if (state !== null && state.log - state.checkpointed >= walPagesMax)
        this.#database.run("PRAGMA wal_checkpoint(PASSIVE)");
    } catch {
      // See above.
    }
  }

  /** Copies the log into the file, removes it and frees the lock. */
  close(): void {
    for (const statement of [this.#put, this.#delete, this.#begin, this.#end, this.#walState]) statement.finalize();
    this.#database.close(true);
  }
}

/** A new store: the schema and revision 0. */
function emptyImage(): Uint8Array {
  const database = new Database(":memory:");
  try {
    database.run(schema);
    for (const row of unpackRows(encodeBatch({ revision: 0, changes: [] })))
      if (row.value !== undefined) database.run(putSql, [row.table, row.key, row.value, Bun.hash.crc32(row.packed)]);
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

function nameOf(row: StoredRow): string {
  return `the row ${JSON.stringify(textOf(row.key))} of table ${JSON.stringify(textOf(row.table))}`;
}
