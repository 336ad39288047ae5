import { expect, test } from "bun:test";
import { rowIdOf, shownFolders, treeRows, treeStep, wordAfter } from "./tree-rows.ts";

const listings = new Map([
  ["", ["a", "a/", "b/"]],
  ["a/", ["a/", "a/x", "a/y/"]],
  ["b/", ["b/alpha", "b/beta"]],
]);
const rows = treeRows(listings, new Set(["a/", "b/", "a/y/"]));
const at = (id: string): number => rows.findIndex((row) => rowIdOf(row) === id);

test("a value and a folder of one name are two rows, and a folder's own value stands in it", () => {
  expect(rows.map((row) => `${row.level} ${rowIdOf(row)}`)).toEqual([
    "1 key:a",
    "1 folder:a/",
    "2 key:a/",
    "2 key:a/x",
    "2 folder:a/y/",
    "1 folder:b/",
    "2 key:b/alpha",
    "2 key:b/beta",
  ]);
  expect(rows[3]).toMatchObject({ place: 2, siblings: 3, isOpen: false });
});

test("a folder is read only if all folders above it are open", () => {
  expect(shownFolders(new Set(["a/", "c/d/"]))).toEqual(["", "a/"]);
});

test.each([
  ["key:a", "ArrowDown", { kind: "focus", at: 1 }],
  ["key:a", "ArrowUp", { kind: "focus", at: 0 }],
  ["key:a/x", "ArrowLeft", { kind: "focus", at: 1 }],
  ["folder:a/", "ArrowRight", { kind: "focus", at: 2 }],
  ["folder:a/", "ArrowLeft", { kind: "close", folders: ["a/"] }],
  ["folder:a/y/", "ArrowRight", undefined],
  ["key:b/beta", "ArrowRight", undefined],
  ["key:a", "End", { kind: "focus", at: 7 }],
  ["key:b/beta", "Home", { kind: "focus", at: 0 }],
  ["key:a/x", "Enter", { kind: "show", at: 3 }],
  ["key:a", "*", { kind: "open", folders: ["a/", "b/"] }],
  ["key:a/x", "*", { kind: "open", folders: ["a/y/"] }],
] as const)("on %p, %p does %p", (id, key, step) => {
  expect(treeStep(rows, { at: at(id), key, typed: "" })).toEqual(step as never);
});

test("typed letters go to the next row that begins with them, round the end", () => {
  expect(treeStep(rows, { at: at("folder:b/"), key: "b", typed: "b" })).toEqual({ kind: "focus", at: 7 });
  expect(treeStep(rows, { at: at("key:b/beta"), key: "x", typed: "x" })).toEqual({ kind: "focus", at: 3 });
  expect(treeStep(rows, { at: at("folder:b/"), key: "e", typed: "be" })).toEqual({ kind: "focus", at: 7 });
  expect(treeStep(rows, { at: 0, key: "z", typed: "z" })).toBeUndefined();
});

test.each([
  [
    [
      ["v", 0],
      ["a", 600],
    ],
    "va",
  ],
  [
    [
      ["v", 0],
      ["a", 700],
    ],
    "a",
  ],
  [
    [
      ["v", 0],
      ["v", 100],
    ],
    "v",
  ],
  [
    [
      ["*", 0],
      ["v", 100],
    ],
    "v",
  ],
  [
    [
      ["v", 0],
      [" ", 100],
      ["a", 200],
    ],
    "a",
  ],
  [
    [
      ["v", 0],
      ["Home", 100],
    ],
    "",
  ],
] as const)("keys %j make the word %j", (keys, text) => {
  let word = { text: "", atMs: -10_000 };
  for (const [key, atMs] of keys) word = wordAfter(word, key, atMs);
  expect(word.text).toBe(text);
});
