import { expect, test } from "bun:test";
import { emptyHead, type Head, headAfter, includes, Layout } from "./layout.ts";

/** Returns the head after one batch in each of the terms, in order. */
function headOf(...terms: readonly number[]): Head {
  return terms.reduce((head, term) => headAfter(head, { term, bytes: 10 }), emptyHead);
}

test("keys of batches sort by position, and no key of another kind sorts between them", () => {
  const layout = new Layout("p");
  const keys = [layout.batch(0), layout.batch(15), layout.batch(16), layout.batch(2 ** 53 - 1), layout.batchesEnd];
  expect(keys.toSorted((a, b) => Buffer.compare(a, b))).toEqual(keys);
  for (const other of [layout.head, layout.leader, layout.part(1, 1, 0), layout.block(1, 0), layout.snapshot])
    expect([Buffer.compare(other, layout.batch(0)) < 0, Buffer.compare(other, layout.batchesEnd) >= 0]).toContain(true);
  expect(layout.seqOf(layout.batch(2 ** 53 - 1))).toBe(2 ** 53 - 1);
});

test("the head tells which batches a term committed, also after the term has ended", () => {
  const head = headOf(4, 4, 9, 12);
  expect(head).toEqual({
    seq: 4,
    term: 12,
    bytes: 40,
    ends: [
      [4, 2],
      [9, 3],
    ],
  });
  expect(includes(head, { term: 4, seq: 2 })).toBe(true);
  expect(includes(head, { term: 4, seq: 3 })).toBe(false);
  expect(includes(head, { term: 9, seq: 3 })).toBe(true);
  expect(includes(head, { term: 12, seq: 4 })).toBe(true);
  expect(includes(head, { term: 12, seq: 5 })).toBe(false);
  expect(includes(head, { term: 7, seq: 3 })).toBe(false);
  expect(includes(emptyHead, { term: 7, seq: 1 })).toBe(false);
});

test("after nine later terms, the head no longer tells which batches a term committed", () => {
  const head = headOf(1, 2, 3, 4, 5, 6, 7, 8, 9, 10);
  expect(includes(head, { term: 1, seq: 1 })).toBeUndefined();
  expect(includes(head, { term: 2, seq: 2 })).toBe(true);
});
