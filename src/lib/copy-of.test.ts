import { expect, test } from "bun:test";
import { copyOf } from "./copy-of.ts";

test.each([
  ["a Uint8Array", Uint8Array.of(1, 2, 3, 4)],
  ["a Buffer", Buffer.of(1, 2, 3, 4)],
  ["a view of a Buffer", Buffer.of(0, 1, 2, 3, 4, 5).subarray(1, 5)],
])("a write to a copy of %s, or of a part of it, does not change the original", (_, original) => {
  for (const copy of [copyOf(original), copyOf(original, 1), copyOf(original, 1, 3)]) copy.fill(9);
  expect([...original]).toEqual([1, 2, 3, 4]);
  expect([copyOf(original), copyOf(original, 1), copyOf(original, 1, 3)].map((copy) => [...copy])).toEqual([
    [1, 2, 3, 4],
    [2, 3, 4],
    [2, 3],
  ]);
  expect(copyOf(original, 1, 3).buffer.byteLength).toBe(2);
});
