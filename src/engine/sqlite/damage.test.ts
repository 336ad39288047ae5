import { Database } from "bun:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { OperatingError } from "../../lib/errors.ts";
import type { RowChange } from "../engine.ts";
import { encodeBatch } from "./batch-codec.ts";
import { RowFile } from "./row-file.ts";
import { openSqliteEngine } from "./sqlite-engine.ts";

const pageBytes = 4_096;
let folder: string;
let file: string;

const logged = 3;
/** A value longer than the log's limit: committing it makes the store move the log into the table of rows. */
const filler = new Uint8Array(7 << 20);

/** Creates a store with 500 rows in the table of rows, and three later batches that are only in the log. */
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "praetor-damage-"));
  file = join(folder, "praetor.db");
  const store = RowFile.open(folder);
  store.load(() => {});
  const changes: RowChange[] = Array.from({ length: 500 }, (_, n) => ({
    table: "kv",
    key: `edgex/key-${String(n).padStart(4, "0")}`,
    value: Buffer.from(`value-of-${n}-`.repeat(10)),
  }));
  changes.push({ table: "filler", key: "", value: filler }, { table: "filler", key: "", value: undefined });
  store.commit(encodeBatch({ revision: 2, changes }));
  if (store.maintain()) while (store.continueFold());
  for (let n = 1; n <= logged; n++) store.commit(encodeBatch({ revision: 2 + n, changes: [loggedRow(n)] }));
  store.close();
  // Frees the file's pages that the value `filler` used.
  alter("VACUUM");
});

function loggedRow(n: number): RowChange {
  return { table: "kv", key: `edgex/logged-${n}`, value: Buffer.from(`logged-value-${n}-`.repeat(400)) };
}

/** Alters the file by SQL as another program would, without updating the store's checksums and batch numbers. */
function alter(...statements: readonly string[]): void {
  const database = new Database(file);
  for (const statement of statements) database.run(statement);
  database.close(true);
}

afterEach(() => rmSync(folder, { recursive: true }));

/** Opens the damaged store and returns the error. Expects that the error names the file and that the file does not change. */
async function refusal(): Promise<OperatingError> {
  const before = readFileSync(file);
  const thrown: unknown = await openSqliteEngine({ folder }).then(
    (opened) => opened.engine.close(),
    (error: unknown) => error,
  );
  expect(readFileSync(file).equals(before)).toBe(true);
  if (!(thrown instanceof OperatingError)) throw new Error(`expected an OperatingError, not ${String(thrown)}`);
  expect(thrown.message).toContain(file);
  return thrown;
}

function flipByte(at: number): void {
  const bytes = readFileSync(file);
  bytes[at] = (bytes[at] ?? 0) ^ 0x20;
  writeFileSync(file, bytes);
}

function zeroPage(number: number): void {
  writeFileSync(file, readFileSync(file).fill(0, (number - 1) * pageBytes, number * pageBytes));
}

describe("opening a damaged store fails, names the file and leaves it unchanged:", () => {
  test("for a flipped bit in a value, the error names the row", async () => {
    flipByte(readFileSync(file).indexOf("value-of-250-") + 3);
    const error = await refusal();
    expect(error.code).toBe("data-damaged");
    expect(error.message).toContain('the row "edgex/key-0250" of table "kv"');
    expect(error.message).toContain("praetor snapshot restore");
  });

  test("a flipped bit in a key is detected", async () => {
    flipByte(readFileSync(file).indexOf("key-0251") + 6);
    expect((await refusal()).code).toBe("data-damaged");
  });

  test("a zeroed page is detected, whichever page after the first it is", async () => {
    const intact = readFileSync(file);
    for (let page = 2; page <= intact.length / pageBytes; page++) {
      zeroPage(page);
      expect((await refusal()).code).toBe("data-damaged");
      writeFileSync(file, intact);
    }
  });

  test("a zeroed first page is detected", async () => {
    zeroPage(1);
    expect((await refusal()).kind).toBe("unavailable");
  });

  test.each([0, 1, 100, pageBytes, 3 * pageBytes])(
    "a file truncated to %d bytes is refused, not opened as a new store",
    async (length) => {
      truncateSync(file, length);
      expect((await refusal()).code).toBe("data-damaged");
    },
  );

  test("a text file in place of the store is refused", async () => {
    writeFileSync(file, "not a database, but long enough to be read as one. ".repeat(100));
    expect((await refusal()).message).toContain("it is not an SQLite file");
  });

  test("another program's SQLite file is refused", async () => {
    rmSync(file);
    alter("CREATE TABLE theirs (id INTEGER)");
    expect((await refusal()).code).toBe("data-foreign");
  });

  test("a store that a newer version of Praetor wrote is refused", async () => {
    alter("PRAGMA user_version = 99");
    const error = await refusal();
    expect(error.code).toBe("data-newer");
    expect(error.message).toContain("version 99");
  });

  test.each(["revision", "folded"])("a missing row %j among the store's own numbers is detected", async (key) => {
    alter(`DELETE FROM rows WHERE "table" = '' AND "key" = '${key}'`);
    expect((await refusal()).message).toContain(`its ${key} is missing`);
  });
});

describe("opening a store reads its log of batches:", () => {
  test("the batches of an intact log are applied to the rows", async () => {
    const { engine, revision, rows } = await openSqliteEngine({ folder });
    await engine.close();
    expect(revision).toBe(2 + logged);
    expect(rows.map((row) => row.key).slice(-logged)).toEqual(["edgex/logged-1", "edgex/logged-2", "edgex/logged-3"]);
    expect(rows.length).toBe(500 + logged);
  });

  test("a flipped bit in a batch is refused, and the error names the batch", async () => {
    // Takes the last occurrence, because VACUUM leaves copies of the bytes in unused parts of pages.
    flipByte(readFileSync(file).lastIndexOf("logged-value-2-") + 3);
    expect((await refusal()).message).toContain("the checksum of batch 3 of its log is wrong");
  });

  test("a log without its first batch is refused, as the table of rows has the number of the batch before it", async () => {
    alter("DELETE FROM log WHERE seq = (SELECT min(seq) FROM log)");
    expect((await refusal()).message).toContain("its log has batch 3 where batch 2 belongs");
  });

  test("a log without a batch in its middle is refused", async () => {
    alter("DELETE FROM log WHERE seq = 3");
    expect((await refusal()).message).toContain("its log has batch 4 where batch 3 belongs");
  });

  test("a batch that was already moved to the table of rows and is still in the log is refused", async () => {
    alter("INSERT INTO log SELECT 1, batch, checksum FROM log WHERE seq = 2");
    expect((await refusal()).message).toContain("its log has batch 1 where batch 2 belongs");
  });

  test("two batches with exchanged numbers are refused", async () => {
    alter("UPDATE log SET seq = 9 WHERE seq = 2", "UPDATE log SET seq = seq - 1 WHERE seq < 9");
    alter("UPDATE log SET seq = 4 WHERE seq = 9");
    expect((await refusal()).message).toContain("the checksum of batch 2 of its log is wrong");
  });

  test.each(["00", "ffffffff".repeat(3), "0200000001000000020000006b76"])(
    "bytes that are not a batch are refused although their checksum is right: %s",
    async (hex) => {
      const checksum = Bun.hash.crc32(Buffer.from(hex, "hex"), Bun.hash.crc32("5"));
      alter(`INSERT INTO log VALUES (5, x'${hex}', ${checksum})`);
      expect((await refusal()).message).toContain("batch 5 of its log is not a sequence of rows");
    },
  );

  test("the loss of only the last batches is not detected: the store opens without them", async () => {
    alter("DELETE FROM log WHERE seq = 4");
    const { engine, revision } = await openSqliteEngine({ folder });
    await engine.close();
    expect(revision).toBe(4);
  });
});

test("a flipped bit anywhere in a store's file is detected or changes no row", async () => {
  const intact = readFileSync(file);
  const rowsOf = async (): Promise<string> => {
    const { engine, revision, rows } = await openSqliteEngine({ folder });
    await engine.close();
    return JSON.stringify([revision, rows.map((row) => [row.table, row.key, Buffer.from(row.value).toString("hex")])]);
  };
  const expected = await rowsOf();
  // The page size is not a multiple of the step, so the flipped bytes lie in all parts of pages.
  for (let at = 1; at < intact.length; at += 1_237) {
    writeFileSync(file, intact);
    flipByte(at);
    const found = await rowsOf().catch((error: unknown) => error);
    if (!(found instanceof OperatingError)) expect(found).toBe(expected);
  }
});
