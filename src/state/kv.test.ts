import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { OrderedMap } from "../lib/ordered-map.ts";
import type { KvEntry } from "../model/kv-entry.ts";
import { listKeys } from "./kv.ts";
import { kvOrder } from "./row-key.ts";
import { emptyState, type State } from "./state.ts";

/** Returns a state with these keys, and a function that returns how many of its entries have been read. */
function stateOf(keys: Iterable<string>): { readonly state: State; readonly entriesRead: () => number } {
  let read = 0;
  const entryOf = (key: string): KvEntry => ({
    get key() {
      read += 1;
      return key;
    },
    ...{
      value: new Uint8Array(),
      flags: 0n,
      session: "",
      lockIndex: 0,
      createIndex: 1,
      modifyIndex: 1,
      origin: "" as const,
    },
  });
  const edit = OrderedMap.empty<KvEntry>().edit();
  for (const key of keys) edit.set(kvOrder(key), entryOf(key));
  return { state: { ...emptyState, kv: edit.finish() }, entriesRead: () => read };
}

function* inFolders(folders: number, keysInEach: number): Generator<string> {
  for (let folder = 0; folder < folders; folder += 1)
    for (let key = 0; key < keysInEach; key += 1) yield `all/${folder}/${key}`;
}

describe("a list of keys with a separator", () => {
  test("reads a bounded number of entries of each folder, however many keys are in it", () => {
    const [small, large] = [stateOf(inFolders(10, 100)), stateOf(inFolders(10, 1_000))];
    expect(listKeys(large.state, "all/", "/")).toEqual(listKeys(small.state, "all/", "/"));
    expect(large.entriesRead()).toBe(small.entriesRead());
    expect(large.entriesRead()).toBeLessThan(200);
  });

  test("equals the list of all keys, each cut after the separator, without duplicates", () => {
    // Few characters, so that folders become deep and large. The last three sort differently in UTF-8 and in JavaScript.
    const word = (length: number) =>
      fc.string({ unit: fc.constantFrom("a", "/", "\uffff", "\udfff", "😀"), ...{ maxLength: length } });
    const keys = fc.uniqueArray(word(12), { maxLength: 400, size: "max" });
    fc.assert(
      fc.property(keys, word(2), word(2), (some, prefix, separator) => {
        const { state } = stateOf(some);
        const sorted = some
          .filter((key) => key.startsWith(prefix))
          .toSorted((a, b) => (kvOrder(a) < kvOrder(b) ? -1 : 1));
        const cut = sorted.map((key) => {
          const at = separator === "" ? -1 : key.indexOf(separator, prefix.length);
          return at < 0 ? key : key.slice(0, at + separator.length);
        });
        expect(listKeys(state, prefix, separator)).toEqual(cut.filter((name, at) => name !== cut[at - 1]));
      }),
    );
  });
});
