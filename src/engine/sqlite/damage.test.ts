import { Database } from "bun:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { OperatingError } from "../../lib/errors.ts";
import { openSqliteEngine } from "./sqlite-engine.ts";

const pageBytes = 4_096;
let folder: string;
let file: string;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "praetor-damage-"));
  file = join(folder, "praetor.db");
  const { engine } = await openSqliteEngine({ folder });
  const changes = Array.from({ length: 500 }, (_, n) => ({
    table: "kv",
    key: `edgex/key-${String(n).padStart(4, "0")}`,
    value: Buffer.from(`value-of-${n}-`.repeat(10)),
  }));
  await engine.commit({ revision: 5, changes });
  await engine.close();
});

afterEach(() => rmSync(folder, { recursive: true }));

/** Opens the damaged store; whatever is wrong must be said, and every byte must stay as it was. */
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

describe("a damaged store is refused, named and left alone", () => {
  test("a flipped bit in a value names the row", async () => {
    flipByte(readFileSync(file).indexOf("value-of-250-") + 3);
    const error = await refusal();
    expect(error.code).toBe("data-damaged");
    expect(error.message).toContain('the row "edgex/key-0250" of table "kv"');
    expect(error.message).toContain("Restore a backup");
  });

  test("a flipped bit in a key is found", async () => {
    flipByte(readFileSync(file).indexOf("key-0251") + 6);
    expect((await refusal()).code).toBe("data-damaged");
  });

  test("every page after the first, zeroed, is found", async () => {
    const intact = readFileSync(file);
    for (let page = 2; page <= intact.length / pageBytes; page++) {
      zeroPage(page);
      expect((await refusal()).code).toBe("data-damaged");
      writeFileSync(file, intact);
    }
  });

  test("a zeroed first page is not taken for a store", async () => {
    zeroPage(1);
    expect((await refusal()).kind).toBe("unavailable");
  });

  test.each([0, 1, 100, pageBytes, 3 * pageBytes])(
    "a file cut to %d bytes is not taken for a new store",
    async (length) => {
      truncateSync(file, length);
      expect((await refusal()).code).toBe("data-damaged");
    },
  );

  test("a text file in its place is refused", async () => {
    writeFileSync(file, "not a database, but long enough to be read as one. ".repeat(100));
    expect((await refusal()).message).toContain("it is not an SQLite file");
  });

  test("another program's SQLite file is refused", async () => {
    rmSync(file);
    const other = new Database(file);
    other.run("CREATE TABLE theirs (id INTEGER)");
    other.close(true);
    expect((await refusal()).code).toBe("data-foreign");
  });

  test("a newer program's store is refused", async () => {
    const newer = new Database(file);
    newer.run("PRAGMA user_version = 99");
    newer.close(true);
    const error = await refusal();
    expect(error.code).toBe("data-newer");
    expect(error.message).toContain("version 99");
  });

  test("a missing revision is found", async () => {
    const cut = new Database(file);
    cut.run(`DELETE FROM rows WHERE "table" = ''`);
    cut.close(true);
    expect((await refusal()).message).toContain("its revision is missing");
  });
});

test("a flipped bit anywhere is found, or changes nothing that is read", async () => {
  const intact = readFileSync(file);
  const rowsOf = async (): Promise<string> => {
    const { engine, revision, rows } = await openSqliteEngine({ folder });
    await engine.close();
    return JSON.stringify([revision, rows.map((row) => [row.table, row.key, Buffer.from(row.value).toString("hex")])]);
  };
  const expected = await rowsOf();
  // A step that is no divisor of the page size, so that all parts of pages are met.
  for (let at = 1; at < intact.length; at += 1_237) {
    writeFileSync(file, intact);
    flipByte(at);
    const found = await rowsOf().catch((error: unknown) => error);
    if (!(found instanceof OperatingError)) expect(found).toBe(expected);
  }
});
