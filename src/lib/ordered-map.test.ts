import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { OrderedMap } from "./ordered-map.ts";

function mapOf(...keys: readonly string[]): OrderedMap<string> {
  const edit = OrderedMap.empty<string>().edit();
  for (const key of keys) edit.set(key, `of ${key}`);
  return edit.finish();
}

describe("an ordered map", () => {
  test("lists its entries in the order of their keys", () => {
    expect([...mapOf("b", "a", "ab", "B").entries()].map(([key]) => key)).toEqual(["B", "a", "ab", "b"]);
    expect([...mapOf("b", "a").values()]).toEqual(["of a", "of b"]);
  });

  test("lists the entries whose keys begin with a prefix, or only those entries from a given key on", () => {
    const map = mapOf("a", "a/", "a/b", "a/c", "ab", "b");
    const keys = (prefix: string, after?: string): string[] => [...map.startingWith(prefix, after)].map(([key]) => key);
    expect(keys("a/")).toEqual(["a/", "a/b", "a/c"]);
    expect(keys("a/", "a/b")).toEqual(["a/b", "a/c"]);
    expect(keys("a/", "b")).toEqual([]);
    expect(keys("c")).toEqual([]);
    expect(keys("")).toHaveLength(6);
  });

  test("does not change when a copy is edited", () => {
    const before = mapOf("a", "b");
    const edit = before.edit();
    edit.delete("a");
    edit.delete("never there");
    edit.set("b", "new");
    const after = edit.finish();
    expect([before.get("a"), before.get("b"), before.size]).toEqual(["of a", "of b", 2]);
    expect([after.get("a"), after.get("b"), after.size]).toEqual([undefined, "new", 1]);
  });
});

test("every version of an ordered map has the same entries as a sorted list with the same edits", () => {
  const key = fc.string({ unit: fc.constantFrom("a", "b", "/", "\0", "é", "\u{1F600}"), maxLength: 4 });
  const edits = fc.array(fc.tuple(key, fc.option(fc.nat(), { nil: undefined })), { maxLength: 80 });
  fc.assert(
    fc.property(fc.array(edits, { maxLength: 5 }), key, (rounds, prefix) => {
      let map = OrderedMap.empty<number>();
      let model = new Map<string, number>();
      const versions: [OrderedMap<number>, Map<string, number>][] = [];
      for (const round of rounds) {
        const edit = map.edit();
        model = new Map(model);
        for (const [at, value] of round) {
          if (value === undefined) {
            edit.delete(at);
            model.delete(at);
          } else {
            edit.set(at, value);
            model.set(at, value);
          }
        }
        map = edit.finish();
        versions.push([map, model]);
      }
      for (const [version, expected] of versions) {
        const sorted = [...expected].toSorted(([a], [b]) => (a < b ? -1 : 1));
        expect([...version.entries()]).toEqual(sorted);
        expect(version.size).toBe(sorted.length);
        expect([...version.startingWith(prefix)]).toEqual(sorted.filter(([at]) => at.startsWith(prefix)));
      }
    }),
  );
});
