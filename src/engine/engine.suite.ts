import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { Batch, Engine, OpenedEngine, Row, RowChange } from "./engine.ts";

/** Storage that outlives an engine, such as a folder: an engine that is opened later on the same storage finds its rows. */
export interface EnginePlace {
  open(): Promise<OpenedEngine>;
  /** Deletes the storage. The test has closed every engine opened in it. */
  remove(): void;
}

/** Defines the tests of the contract in engine.ts, which every engine must pass. `createPlace` makes new, empty storage. */
export function describeEngine(name: string, createPlace: () => EnginePlace): void {
  describe(`${name} engine`, () => {
    let place: EnginePlace;
    let engine: Engine;
    beforeEach(async () => {
      place = createPlace();
      ({ engine } = await place.open());
    });
    afterEach(async () => {
      await engine.close();
      place.remove();
    });

    async function reopen(): Promise<OpenedEngine> {
      await engine.close();
      const opened = await place.open();
      engine = opened.engine;
      return opened;
    }

    async function rowsAfter(...batches: readonly Batch[]): Promise<readonly Row[]> {
      for (const batch of batches) await engine.commit(batch);
      return (await reopen()).rows;
    }

    test("a newly created store has no rows and revision 0", async () => {
      const opened = await reopen();
      expect(opened.revision).toBe(0);
      expect(opened.rows).toEqual([]);
    });

    test("reopening a store returns the committed rows and the last batch's revision", async () => {
      await engine.commit(batch(7, put("kv", "a", "1"), put("nodes", "n1", "2")));
      const opened = await reopen();
      expect(opened.revision).toBe(7);
      expect(readable(opened.rows)).toEqual(["kv/a=1", "nodes/n1=2"]);
    });

    test("a batch without row changes still stores its revision", async () => {
      await engine.commit(batch(Number.MAX_SAFE_INTEGER));
      expect((await reopen()).revision).toBe(Number.MAX_SAFE_INTEGER);
    });

    test("a row that one batch changes twice has the value of the later change", async () => {
      const rows = await rowsAfter(
        batch(
          1,
          put("t", "a", "1"),
          put("t", "a", "2"),
          put("t", "b", "3"),
          drop("t", "b"),
          drop("t", "c"),
          put("t", "c", "4"),
        ),
      );
      expect(readable(rows)).toEqual(["t/a=2", "t/c=4"]);
    });

    test("a deleted row is not returned, and deleting a row that does not exist is no error", async () => {
      const rows = await rowsAfter(
        batch(1, put("t", "a", "1"), put("t", "b", "2"), put("u", "a", "3")),
        batch(2, drop("t", "a"), drop("t", "missing"), drop("missing", "a")),
      );
      expect(readable(rows)).toEqual(["t/b=2", "u/a=3"]);
    });

    test("a load returns rows ordered by table, then key, each compared as UTF-8 bytes", async () => {
      // In UTF-16 order the emoji would precede U+FFFF. If table and key were joined, rows of "a" and "a!" would mix.
      const keys = ["", "A", "a", "a/", "a0", "é", "\uffff", "😀"];
      const changes = ["b", "a!", "a"].flatMap((table) => keys.toReversed().map((key) => put(table, key, "x")));
      const rows = await rowsAfter(batch(1, ...changes));
      const expected = ["a", "a!", "b"].flatMap((table) => keys.map((key) => `${table}/${key}=x`));
      expect(readable(rows)).toEqual(expected);
    });

    test.each(["", "\0", "a\0b", "%", "%2F", "a\nb", "'; DROP TABLE rows; --", "\ufeffmark", "日本", "👩‍🔧", "../.."])(
      "the key %j is stored unchanged, and separately from the same key with a NUL appended",
      async (key) => {
        const rows = await rowsAfter(batch(1, put("t", key, "v"), put("t", `${key}\0`, "w")));
        expect(rows.map((row) => row.key)).toEqual([key, `${key}\0`]);
      },
    );

    test.each([0, 1, 1_000, 4_096, 1 << 20, 5 << 20])(
      "a value of %d bytes is unchanged after reopening",
      async (length) => {
        const value = new Uint8Array(length).map((_, at) => at * 31);
        const rows = await rowsAfter(batch(1, { table: "t", key: "big", value }, put("t", "other", "v")));
        expect(rows[0]?.value.byteLength).toBe(length);
        expect(Buffer.compare(rows[0]?.value ?? new Uint8Array(9), value)).toBe(0);
      },
    );

    test("a caller may overwrite a value's buffer as soon as commit has returned its promise", async () => {
      const value = Buffer.from("before");
      const committed = engine.commit(batch(1, { table: "t", key: "a", value: value.subarray(0, 3) }));
      value.fill("x");
      await committed;
      expect(readable((await reopen()).rows)).toEqual(["t/a=bef"]);
    });

    test("commits are applied in the order of the calls, even if the caller does not await them", async () => {
      const commits = Array.from({ length: 300 }, (_, n) =>
        engine.commit(
          batch(n + 1, put("t", "same", String(n)), put("t", `k${n % 7}`, String(n)), drop("t", `k${(n + 1) % 7}`)),
        ),
      );
      await Promise.all(commits);
      const opened = await reopen();
      expect(opened.revision).toBe(300);
      expect(readable(opened.rows)).toContain("t/same=299");
      expect(readable(opened.rows)).not.toContain("t/k6");
    });

    test("closing an engine waits for its pending commits", async () => {
      const commits = Array.from({ length: 50 }, (_, n) => engine.commit(batch(n + 1, put("t", `k${n}`, "v"))));
      await engine.close();
      await Promise.all(commits);
      expect((await reopen()).rows.length).toBe(50);
    });

    test("closing an engine twice is no error", async () => {
      await Promise.all([engine.close(), engine.close()]);
      await engine.close();
    });

    test("a commit after close is refused and changes no row", async () => {
      await engine.close();
      const refused = await engine.commit(batch(1, put("t", "a", "1"))).catch((error: unknown) => error);
      expect(refused).toMatchObject({ kind: "unavailable", code: "store-closed" });
      expect((await reopen()).rows).toEqual([]);
    });

    test("a ping resolves after the commits that were made before it, and rejects once the engine is closed", async () => {
      const answered: string[] = [];
      const committed = engine.commit(batch(1, put("t", "a", "1"))).then(() => answered.push("commit"));
      await Promise.all([committed, engine.ping().then(() => answered.push("ping"))]);
      expect(answered).toEqual(["commit", "ping"]);
      await engine.close();
      const refused = await engine.ping().catch((error: unknown) => error);
      expect(refused).toMatchObject({ kind: "unavailable", code: "store-closed" });
    });

    test("any sequence of batches and reopenings leaves the same rows as a JavaScript map with the same changes", async () => {
      const run = async (steps: readonly Step[]): Promise<void> => {
        const fresh = createPlace();
        let opened = await fresh.open();
        const model = new Map<string, string>();
        try {
          let revision = 0;
          for (const step of steps) {
            if (step === "reopen") {
              await opened.engine.close();
              opened = await fresh.open();
              expect(opened.revision).toBe(revision);
              expect(identified(opened.rows)).toEqual([...model].toSorted(byKeyBytes));
            } else {
              applyToModel(model, step);
              await opened.engine.commit({ revision: ++revision, changes: step });
            }
          }
        } finally {
          await opened.engine.close();
          fresh.remove();
        }
      };
      await fc.assert(fc.asyncProperty(steps, run), { numRuns: 25 });
    });
  });
}

type Step = "reopen" | readonly RowChange[];

const someKey = fc.oneof(fc.constantFrom("a", "b", "a/b", ""), fc.string({ unit: "grapheme", maxLength: 4 }));
export const change: fc.Arbitrary<RowChange> = fc.record({
  table: fc.constantFrom("kv", "nodes", "k"),
  key: someKey,
  value: fc.option(fc.uint8Array({ maxLength: 40 }), { nil: undefined }),
});
const steps: fc.Arbitrary<Step[]> = fc
  .array(
    fc.oneof(
      { weight: 4, arbitrary: fc.array(change, { maxLength: 12 }) },
      { weight: 1, arbitrary: fc.constant("reopen" as const) },
    ),
  )
  .map((list) => [...list, "reopen"]);

function applyToModel(model: Map<string, string>, changes: readonly RowChange[]): void {
  for (const { table, key, value } of changes) {
    if (value === undefined) model.delete(identify(table, key));
    else model.set(identify(table, key), Buffer.from(value).toString("hex"));
  }
}

function identified(rows: readonly Row[]): [string, string][] {
  return rows.map((row) => [identify(row.table, row.key), Buffer.from(row.value).toString("hex")]);
}

/** Returns one string for table and key. Table names of these tests contain no NUL, so the strings sort by table, then key. */
function identify(table: string, key: string): string {
  return `${table}\0${key}`;
}

function byKeyBytes([a]: [string, string], [b]: [string, string]): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

export function batch(revision: number, ...changes: readonly RowChange[]): Batch {
  return { revision, changes };
}

export function put(table: string, key: string, value: string): RowChange {
  return { table, key, value: Buffer.from(value) };
}

export function drop(table: string, key: string): RowChange {
  return { table, key, value: undefined };
}

export function readable(rows: readonly Row[]): string[] {
  return rows.map((row) => `${row.table}/${row.key}=${Buffer.from(row.value).toString()}`);
}
