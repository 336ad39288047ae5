import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { diffRows, hasMarks, merge } from "./line-diff.ts";

const text = (...lines: string[]): string => lines.join("\n");
const texts = fc
  .array(fc.constantFrom("a", "b", "c", ""), { minLength: 1, maxLength: 12 })
  .map((lines) => lines.join("\n"));

describe("a difference", () => {
  test("has all lines of both texts", () => {
    fc.assert(
      fc.property(texts, texts, (from, to) => {
        const lines = diffRows(from, to).flatMap((row) =>
          row.kind === "folded" ? row.lines.map((line) => ({ kind: "same", text: line })) : [row],
        );
        const without = (kind: string): string =>
          text(...lines.filter((row) => row.kind !== kind).map((row) => row.text));
        expect(without("added")).toBe(from);
        expect(without("removed")).toBe(to);
      }),
    );
  });

  test("folds long unchanged runs, and keeps three lines beside each change", () => {
    const lines = Array.from({ length: 30 }, (_, at) => `line ${at}`);
    const rows = diffRows(text(...lines), text(...lines.slice(0, 15), "new", ...lines.slice(15)));
    expect(rows.map(({ kind }) => kind)).toEqual([
      "folded",
      ...["same", "same", "same", "added", "same", "same", "same"],
      "folded",
    ]);
  });
});

describe("a merge", () => {
  test("has the changes of both where they are apart", () => {
    expect(merge(text("a", "b", "c", "d"), text("A", "b", "c", "d"), text("a", "b", "c", "D", "e"))).toEqual({
      text: text("A", "b", "c", "D", "e"),
      clashes: 0,
    });
  });

  test("marks a place that both have changed in different ways, and takes one that both have changed alike", () => {
    const { text: merged, clashes } = merge(text("a", "b", "c"), text("a", "mine", "C"), text("a", "theirs", "C"));
    expect(clashes).toBe(1);
    expect(hasMarks(merged)).toBe(true);
    expect(merged).toContain("mine");
    expect(merged).toContain("theirs");
    expect(merge("a", "b", "b")).toEqual({ text: "b", clashes: 0 });
  });

  test("with an unchanged side is the other side, and is the same from both sides", () => {
    fc.assert(
      fc.property(texts, texts, texts, (base, mine, theirs) => {
        expect(merge(base, mine, base).text).toBe(mine);
        expect(merge(base, base, theirs).text).toBe(theirs);
        const [one, other] = [merge(base, mine, theirs), merge(base, theirs, mine)];
        expect(one.clashes).toBe(other.clashes);
        if (one.clashes === 0) expect(one.text).toBe(other.text);
      }),
    );
  });
});
