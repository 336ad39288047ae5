import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { exportText, importRows, importSteps, parseExport, type Step, transactionsOf, transferSteps } from "./steps.ts";
import type { Pair } from "./value.ts";

function pair(key: string, value: string, flags = 0): Pair {
  return { Key: key, Value: btoa(value), Flags: flags, CreateIndex: 1, ModifyIndex: 9, LockIndex: 0 };
}

describe("transactions", () => {
  test("have all steps in order, at most 64 operations and 512 KiB, and part no step", () => {
    const step = fc
      .tuple(fc.integer({ min: 1, max: 2 }), fc.integer({ min: 0, max: 200_000 }))
      .map(([count, size]) =>
        Array.from({ length: count }, (_, at) => ({ Verb: "set" as const, Key: `${at}`, Value: "A".repeat(size) })),
      );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 100 }), (steps: readonly Step[]) => {
        const transactions = transactionsOf(steps);
        expect(transactions.flat()).toEqual([...steps]);
        for (const transaction of transactions) {
          expect(transaction.flat().length).toBeLessThanOrEqual(64);
          const body = JSON.stringify(transaction.flat().map((KV) => ({ KV })));
          if (transaction.length > 1) expect(body.length).toBeLessThanOrEqual(512 * 1024);
        }
      }),
      { numRuns: 20 },
    );
  });

  test("of a move write and delete a key together, and touch neither if one has changed", () => {
    const existing = new Map([["b/y", pair("b/y", "old")]]);
    const steps = transferSteps([pair("a/x", "1", 3), pair("a/y", "2")], existing, {
      from: "a/",
      to: "b/",
      isMove: true,
    });
    expect(steps).toEqual([
      [
        { Verb: "cas", Key: "b/x", Value: btoa("1"), Flags: 3, Index: 0 },
        { Verb: "delete-cas", Key: "a/x", Index: 9 },
      ],
      [
        { Verb: "cas", Key: "b/y", Value: btoa("2"), Flags: 0, Index: 9 },
        { Verb: "delete-cas", Key: "a/y", Index: 9 },
      ],
    ]);
  });
});

describe("an import", () => {
  test("of an export changes nothing", () => {
    const pairs = [pair("b", "2", 7), { ...pair("a", ""), Value: null }];
    const read = parseExport(exportText(pairs));
    if ("fault" in read) throw new Error(read.fault);
    const rows = importRows(read.value, new Map(pairs.map((each) => [each.Key, each])));
    expect(rows.map(({ key, change }) => `${key} ${change}`)).toEqual(["a same", "b same"]);
    expect(importSteps(rows)).toEqual([]);
  });

  test("writes new keys only if they are still new, and changed ones only against the index of the preview", () => {
    const entries = [
      { key: "a", flags: 0, value: btoa("1") },
      { key: "b", flags: 0, value: btoa("2") },
    ];
    const steps = importSteps(importRows(entries, new Map([["b", pair("b", "old")]])));
    expect(steps.flat().map(({ Key, Index }) => [Key, Index])).toEqual([
      ["a", 0],
      ["b", 9],
    ]);
  });

  test.each([
    ["{", "no JSON"],
    ["{}", "must be a list"],
    ['[{"value": ""}]', "Entry 1"],
    ['[{"key": "a", "value": "%"}]', "Entry 1"],
    ['[{"key": "a"}, {"key": "a"}]', "twice"],
  ])("of %p is refused", (text, why) => {
    const read = parseExport(text);
    expect("fault" in read ? read.fault : "").toContain(why);
  });
});
