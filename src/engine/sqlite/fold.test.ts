import { Database } from "bun:sqlite";
import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import type { Row, RowChange } from "../engine.ts";
import { decodeRows, encodeBatch } from "./batch-codec.ts";
import { RowFile } from "./row-file.ts";

/** A change so large that committing it takes the log past its limit. */
const filler: RowChange = { table: "filler", key: "", value: new Uint8Array(7 << 20) };
let folder: string;
let file: string;
let store: RowFile;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "praetor-fold-"));
  file = join(folder, "praetor.db");
  store = RowFile.open(folder);
  load();
});
afterEach(() => {
  store.close();
  rmSync(folder, { recursive: true });
});

function load(): { rows: readonly Row[]; revision: number | undefined } {
  const blocks: ArrayBuffer[] = [];
  store.load((block) => blocks.push(block));
  const decoded = blocks.map(decodeRows);
  return { rows: decoded.flatMap((part) => part.rows), revision: decoded[0]?.revision };
}

function reload(): ReturnType<typeof load> {
  store.close();
  store = RowFile.open(folder);
  return load();
}

function commit(revision: number, ...changes: readonly RowChange[]): void {
  store.commit(encodeBatch({ revision, changes }));
  maintain();
}

/** Runs a whole fold, which moves the log into the table of rows, if the log is past its limit. */
function maintain(): void {
  if (store.maintain()) while (store.continueFold());
}

function put(key: string, value: string): RowChange {
  return { table: "kv", key, value: Buffer.from(value) };
}

function drop(key: string): RowChange {
  return { table: "kv", key, value: undefined };
}

function readable(rows: readonly Row[]): string[] {
  return rows.map((row) =>
    row.value.byteLength > 100 ? row.table : `${row.key}=${Buffer.from(row.value).toString()}`,
  );
}

/** Closes the store, counts the rows and lists the logged batch numbers in its file, and opens the store again. */
function stored(): { rows: number; batches: number[] } {
  store.close();
  const database = new Database(file);
  const count = database.query<{ n: number }, []>(`SELECT count(*) AS n FROM rows WHERE "table" <> ''`).get();
  const batches = database.query<{ seq: number }, []>("SELECT seq FROM log ORDER BY seq").all();
  database.close(true);
  store = RowFile.open(folder);
  load();
  return { rows: count?.n ?? -1, batches: batches.map(({ seq }) => seq) };
}

test("committed batches stay in the log when the store is closed and opened again", () => {
  commit(1, put("a", "1"));
  reload();
  commit(2, put("b", "1"));
  expect(stored()).toEqual({ rows: 0, batches: [1, 2] });
});

test("a log past its limit is moved to the table of rows: each row gets its last change, and batch numbers continue", () => {
  commit(1, put("a", "1"), put("b", "1"));
  commit(2, put("a", "2"), drop("b"), put("c", "1"));
  commit(3, filler);
  expect(stored()).toEqual({ rows: 3, batches: [] });
  commit(4, drop("c"));
  expect(stored()).toEqual({ rows: 3, batches: [4] });
  const { rows, revision } = reload();
  expect(readable(rows)).toEqual(["filler", "a=2"]);
  expect(revision).toBe(4);
});

test("logged rows that sort before, between and after the stored rows load in order", () => {
  commit(1, put("b", "1"), put("d", "1"), put("f", "1"), filler, { ...filler, value: undefined });
  commit(2, put("a", "2"), put("c", "2"), put("d", "2"), drop("f"), put("g", "2"), drop("h"));
  expect(readable(reload().rows)).toEqual(["a=2", "b=1", "c=2", "d=2", "g=2"]);
});

test("opening, loading and closing a store writes nothing, even when the log is past its limit", () => {
  for (let revision = 1; revision <= 3; revision++) commit(revision, { ...filler, value: new Uint8Array(1 << 20) });
  reload();
  const before = readFileSync(file);
  reload();
  maintain();
  reload();
  expect(readFileSync(file).equals(before)).toBe(true);
});

test("after a fold finds a damaged batch, later commits are refused, as no later start could read the store", () => {
  commit(1, { table: "kv", key: "a", value: Buffer.from("large ".repeat(100_000)) });
  reload();
  const bytes = readFileSync(file);
  // Damages the middle of a page, because an overflow page begins with the number of the next overflow page.
  const middle = (bytes.length >> 1) + 100;
  writeFileSync(file, bytes.fill("x", middle, middle + 10));
  commit(2, filler);
  expect(() => commit(3, put("b", "1"))).toThrow("the checksum of batch 1 of its log is wrong");
});

test("commits and a close during a fold leave the same rows as the same changes of a JavaScript map", () => {
  const change = fc.record({ key: fc.integer({ min: 0, max: 299 }), value: fc.option(fc.integer({ max: 99 })) });
  const step = fc.oneof(
    { weight: 3, arbitrary: fc.array(change, { minLength: 1, maxLength: 120 }) },
    { weight: 3, arbitrary: fc.constant("fold" as const) },
    { weight: 1, arbitrary: fc.constant("reload" as const) },
  );
  const model = new Map<string, string>();
  let revision = 0;
  fc.assert(
    fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
      for (const next of steps) {
        if (next === "fold") store.continueFold();
        else if (next === "reload") reload();
        else {
          revision++;
          const changes = next.map(({ key, value }) => (value === null ? drop(`${key}`) : put(`${key}`, `${value}`)));
          store.commit(encodeBatch({ revision, changes }));
          for (const { key, value } of next) {
            if (value === null) model.delete(`${key}`);
            else model.set(`${key}`, `${value}`);
          }
        }
      }
      const found = reload();
      expect(readable(found.rows).toSorted()).toEqual([...model].map(([key, value]) => `${key}=${value}`).toSorted());
      expect(found.revision).toBe(revision);
    }),
    { numRuns: 60 },
  );
});
