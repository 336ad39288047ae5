import { expect, test } from "bun:test";
import { batch, drop, put } from "../engine.suite.ts";
import { encodeBatch } from "../sqlite/batch-codec.ts";
import { decodeBlock, readEnd, splitBlock } from "./batch-block.ts";
import { partBytes } from "./layout.ts";

test.each([0, 1, partBytes - 100, partBytes, 3 * partBytes])(
  "a batch with a value of %d bytes is the same after its block was split and joined",
  (bytes) => {
    const written = batch(7, put("t", "a", "x".repeat(bytes)), drop("t", "b"));
    const { parts, end } = splitBlock(new Uint8Array(encodeBatch(written)), 9);
    for (const part of parts) expect(part.byteLength).toBe(partBytes);
    const read = readEnd(end) ?? expect.unreachable();
    expect([read.parts, read.term]).toEqual([parts.length, 9]);
    expect(decodeBlock(read, parts)).toEqual({ ...written, term: 9 });
  },
);

test("a batch whose parts are incomplete, in another order or changed is not decoded", () => {
  const written = batch(7, put("t", "a", "x".repeat(2 * partBytes)));
  const { parts, end } = splitBlock(new Uint8Array(encodeBatch(written)), 9);
  const read = readEnd(end) ?? expect.unreachable();
  expect(decodeBlock(read, parts.slice(1))).toBeUndefined();
  expect(decodeBlock(read, parts.toReversed())).toBeUndefined();
  const changed = read.bytes.with(0, 1 + (read.bytes[0] ?? 0));
  expect(decodeBlock({ ...read, bytes: changed }, parts)).toBeUndefined();
});

test.each(["", "\n", "1 2\n", "x 2 3\nabc", "1 2 3"])("the value %j of a batch's key is not decoded", (value) => {
  expect(readEnd(Buffer.from(value))).toBeUndefined();
});
