import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { RowChange } from "../engine.ts";
import { decodeRows, encodeBatch, RowPacker, textOf, unpackRows } from "./batch-codec.ts";

const change: fc.Arbitrary<RowChange> = fc.record({
  table: fc.string({ minLength: 1, unit: "grapheme", maxLength: 5 }),
  key: fc.string({ unit: "grapheme" }),
  value: fc.option(fc.uint8Array(), { nil: undefined }),
});

describe("encoding a batch of row changes as one block of bytes", () => {
  test("produces the layout that batch-codec.ts describes", () => {
    const block = encodeBatch({ revision: 9, changes: [{ table: "kv", key: "a", value: Uint8Array.of(1, 2) }] });
    const row = "0200000001000000020000006b76610102";
    const revision = "000000000800000001000000" + Buffer.from("revision9").toString("hex");
    expect(Buffer.from(block).toString("hex")).toBe(row + revision);
  });

  test("preserves any batch: the block decodes to the changes, then the revision", () => {
    fc.assert(
      fc.property(fc.array(change), fc.maxSafeNat(), (changes, revision) => {
        const rows: RowChange[] = [...unpackRows(encodeBatch({ revision, changes }))].map((row) => ({
          table: textOf(row.table),
          key: textOf(row.key),
          value: row.value === undefined ? undefined : new Uint8Array(row.value),
        }));
        expect(rows.pop()).toEqual({
          table: "",
          key: "revision",
          value: new Uint8Array(Buffer.from(String(revision))),
        });
        expect(rows).toEqual(changes);
      }),
    );
  });

  test("fails for a table or key that is not well-formed Unicode, since two such names could become one row", () => {
    const lone = { table: "kv", key: "\ud800", value: undefined };
    expect(() => encodeBatch({ revision: 1, changes: [lone] })).toThrow("well-formed");
  });
});

describe("packing stored rows into blocks of bytes", () => {
  test("preserves the rows, whatever the size of the blocks", () => {
    const stored = fc.array(fc.tuple(fc.constantFrom("a", "b", "é"), fc.string({ unit: "grapheme" }), fc.uint8Array()));
    fc.assert(
      fc.property(stored, fc.integer({ min: 1, max: 200 }), (rows, blockBytes) => {
        const blocks: ArrayBuffer[] = [];
        const packer = new RowPacker(blockBytes, (block) => blocks.push(block));
        for (const [table, key, value] of rows) packer.add(Buffer.from(table), Buffer.from(key), value);
        packer.flush();
        const decoded = blocks.flatMap((block) => decodeRows(block).rows);
        expect(decoded.map((row) => [row.table, row.key, new Uint8Array(row.value)])).toEqual(rows);
      }),
    );
  });

  test("gives each row the same bytes as in its batch, so that its checksum matches", () => {
    fc.assert(
      fc.property(fc.string(), fc.string({ unit: "grapheme" }), fc.uint8Array(), (table, key, value) => {
        fc.pre(table.isWellFormed());
        const [written] = unpackRows(encodeBatch({ revision: 1, changes: [{ table, key, value }] }));
        const read = new RowPacker(64, () => {}).add(Buffer.from(table), Buffer.from(key), value);
        expect(read).toEqual(written?.packed ?? read.subarray(1));
      }),
    );
  });

  test("keeps the store's revision apart from a row with the key `revision` in another table", () => {
    const block = encodeBatch({ revision: 41, changes: [{ table: "t", key: "revision", value: Buffer.from("x") }] });
    const { rows, revision } = decodeRows(block);
    expect(revision).toBe(41);
    expect(rows.map((row) => `${row.table}/${row.key}`)).toEqual(["t/revision"]);
  });
});
