import type { Database, Statement } from "bun:sqlite";
import { type PackedRow, storeTable, textOf } from "./batch-codec.ts";
import { storeDamaged } from "./failures.ts";
import type { StoredRow } from "./row-changes.ts";

/*
 * The table of rows, each with its checksum. It lacks the changes of the newest batches, which are in the log
 * (batch-log.ts). A fold moves many logged batches into this table at once, as rows share pages of 4 KiB: writing 64
 * scattered rows for each batch would write 57 pages for 10 KiB of rows.
 */

export const rowsSchema = `
  CREATE TABLE rows (
    "table"  TEXT NOT NULL,
    "key"    TEXT NOT NULL,
    value    BLOB NOT NULL,
    checksum INTEGER NOT NULL,
    PRIMARY KEY ("table", "key")
  ) STRICT, WITHOUT ROWID`;

// Names are bound as UTF-8 bytes. SQLite's cast of a BLOB to TEXT keeps the bytes.
const putSql = `REPLACE INTO rows VALUES (CAST(?1 AS TEXT), CAST(?2 AS TEXT), ?3, ?4)`;
const deleteSql = `DELETE FROM rows WHERE "table" = CAST(?1 AS TEXT) AND "key" = CAST(?2 AS TEXT)`;
const listSql = `
  SELECT CAST("table" AS BLOB) AS "table", CAST("key" AS BLOB) AS "key", value, checksum
  FROM rows ORDER BY "table", "key"`;
const numberSql = `SELECT CAST(value AS TEXT) AS value FROM rows WHERE "table" = '${storeTable}' AND "key" = ?1`;

export class RowTable {
  readonly #file: string;
  readonly #database: Database;
  readonly #put: Statement<unknown, [Uint8Array, Uint8Array, Uint8Array, number]>;
  readonly #delete: Statement<unknown, [Uint8Array, Uint8Array]>;

  constructor(file: string, database: Database) {
    this.#file = file;
    this.#database = database;
    this.#put = database.prepare(putSql);
    this.#delete = database.prepare(deleteSql);
  }

  change(row: PackedRow): void {
    const { value } = row;
    if (value === undefined) this.#delete.run(row.table, row.key);
    else this.#put.run(row.table, row.key, value, Bun.hash.crc32(row.packed));
  }

  /** Yields all rows, ordered by table and key. The caller verifies their checksums. */
  *list(): Generator<StoredRow> {
    using list = this.#database.prepare<StoredRow, []>(listSql);
    yield* list.iterate();
  }

  /** Returns a number, such as the revision, that is stored under `key` in the table `storeTable`. */
  number(key: string): number {
    using statement = this.#database.prepare<{ value: string }, [string]>(numberSql);
    const found = statement.get(key);
    if (found === null) throw storeDamaged(this.#file, `its ${key} is missing`);
    return Number(found.value);
  }

  close(): void {
    this.#put.finalize();
    this.#delete.finalize();
  }
}

export function nameOf(row: StoredRow): string {
  return `the row ${JSON.stringify(textOf(row.key))} of table ${JSON.stringify(textOf(row.table))}`;
}
