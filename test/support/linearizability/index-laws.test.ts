import { expect, test } from "bun:test";
import { brokenIndexLaws, type IndexSighting, type WriteTime } from "./index-laws.ts";

const noWrites = new Map<string, WriteTime>();

function seen(time: number, index: number, more: Partial<IndexSighting> = {}): IndexSighting {
  const none = { rows: [], wait: undefined, tookMs: 0 };
  return { question: "q", called: time, returned: time + 0.5, index, ...none, ...more };
}

function row(modifyIndex: number, writer?: string): IndexSighting["rows"][number] {
  return { key: "k", writer, modifyIndex };
}

test("the checker of indexes accepts indexes that rise or stay the same", () => {
  const write = new Map([["w", { called: 2, returned: 3 }]]);
  const sightings = [seen(0, 5), seen(1, 5), seen(4, 7, { rows: [row(7, "w")] })];
  expect(brokenIndexLaws(sightings, write)).toEqual([]);
});

test("the checker of indexes accepts a lower index in an answer that was in flight together with a higher one", () => {
  expect(brokenIndexLaws([seen(0, 6, { returned: 9 }), seen(1, 5)], noWrites)).toEqual([]);
});

test("the checker of indexes reports an index that decreases between two answers to the same query", () => {
  expect(brokenIndexLaws([seen(0, 6), seen(1, 5)], noWrites)).toEqual(["q fell from 6 to 5, at 1"]);
});

test("the checker of indexes reports a row whose index decreases, even between two clients", () => {
  const sightings = [seen(0, 9, { rows: [row(6)] }), seen(1, 9, { question: "other", rows: [row(5)] })];
  expect(brokenIndexLaws(sightings, noWrites)).toEqual(["k fell from 6 to 5, at 1"]);
});

test("the checker of indexes reports a write whose index is not above every index seen before the write was sent", () => {
  const write = new Map([["w", { called: 1, returned: 2 }]]);
  const sightings = [seen(0, 6), seen(3, 7, { question: "other", rows: [row(6, "w")] })];
  expect(brokenIndexLaws(sightings, write)).toEqual(["the write w got 6 after q had told 6"]);
});

test("the checker of indexes reports two writes with one index, and one write with two indexes", () => {
  const shared = [seen(0, 9, { rows: [row(6, "v")] }), seen(1, 9, { rows: [row(6, "w")] })];
  expect(brokenIndexLaws(shared, noWrites)).toEqual(["index 6 belongs to v and w"]);
  const moved = [seen(0, 9, { rows: [row(6, "v")] }), seen(1, 9, { rows: [row(7, "v")] })];
  expect(brokenIndexLaws(moved, noWrites)).toEqual(["the write v belongs to 6 and 7"]);
});

test("the checker of indexes reports a row with a higher index than the answer that contains it", () => {
  expect(brokenIndexLaws([seen(0, 5, { rows: [row(6)] })], noWrites)).toEqual([
    "q, at 0, was answered with 5, and shows k at 6",
  ]);
});

test("the checker of indexes reports a blocking query that returns the same index before its wait is over", () => {
  const wait = { index: 5, ms: 40 };
  const right = [seen(0, 5, { wait, tookMs: 41 }), seen(1, 6, { wait, tookMs: 1 })];
  expect(brokenIndexLaws(right, noWrites)).toEqual([]);
  expect(brokenIndexLaws([seen(0, 4, { wait, tookMs: 41 })], noWrites)).toEqual([
    "q, at 0, was answered with 4, asked with 5",
  ]);
  expect(brokenIndexLaws([seen(0, 5, { wait, tookMs: 20 })], noWrites)).toEqual([
    "q, at 0, was answered with 5, which it was asked with, after 20 of 40 ms",
  ]);
});
