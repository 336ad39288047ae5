import { expect, test } from "bun:test";
import { facetsOf, filterKeys, piecesOf } from "./search-hits.ts";

const hits = (...keys: string[]): { Key: string }[] => keys.map((Key) => ({ Key }));

test("facets are the folders below the longest one that has all matches", () => {
  expect(facetsOf(hits("a/b/c/1", "a/b/c/2", "a/b/d/1", "a/b/x"), "")).toEqual([
    { folder: "a/b/c/", count: 2 },
    { folder: "a/b/d/", count: 1 },
  ]);
  expect(facetsOf(hits("a/1", "a/2"), "")).toEqual([]);
  expect(facetsOf([], "")).toEqual([]);
  expect(facetsOf(hits("/a", "/b/c"), "")).toEqual([{ folder: "/b/", count: 1 }]);
});

test("the pieces of a text are the text, with each match marked whatever its case", () => {
  const pieces = piecesOf("Log and LOG", "log");
  expect(pieces.filter(({ isHit }) => isHit).map(({ text }) => text)).toEqual(["Log", "LOG"]);
  expect(pieces.map(({ text }) => text).join("")).toBe("Log and LOG");
  expect(
    piecesOf("İlog", "log")
      .map(({ text }) => text)
      .join(""),
  ).toBe("İlog");
});

test("a search in names counts all, below a folder too", () => {
  expect(filterKeys(["a/Log", "a/x", "b/log"], { text: "log", prefix: "a/" })).toEqual({
    ...{ Searched: 2, Found: 1 },
    Matches: [{ Key: "a/Log" }],
  });
});
