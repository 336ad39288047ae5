import { expect, test } from "bun:test";
import { openTestStore } from "../../test/support/store.ts";
import { putKv } from "../registry/kv.ts";
import type { Store } from "../registry/store.ts";
import { CommitTimes } from "./commit-times.ts";

/** Writes a key, and resolves with the index of the write. */
async function write(store: Store): Promise<number> {
  const key = String(store.state.index);
  await putKv(store, { key, value: new Uint8Array(), flags: 0n, cas: undefined });
  return store.state.index;
}

test("a write has the time of its commit, and a write before the agent's start has the time of the start", async () => {
  const { clock, store } = openTestStore();
  const before = await write(store);
  await clock.advance(50);
  const startMs = clock.wallMs();
  const times = new CommitTimes(store, clock);
  await clock.advance(100);
  const first = await write(store);
  await clock.advance(100);
  const second = await write(store);
  const found = [before, first, second].map((index) => times.at(index) - startMs);
  expect(found).toEqual([0, 100, 200]);
});

test("after many writes the newest writes have exact times, and older ones slightly later times in the same order", async () => {
  const { clock, store } = openTestStore();
  const startMs = clock.wallMs();
  const times = new CommitTimes(store, clock);
  const indexes: number[] = [];
  for (let round = 0; round < 10_000; round += 1) {
    await clock.advance(1);
    indexes.push(await write(store));
  }
  const found = indexes.map((index) => times.at(index) - startMs);
  expect(found.slice(-1_000)).toEqual(Array.from({ length: 1_000 }, (_, at) => 9_001 + at));
  expect(found.every((ms, at) => ms >= at + 1 && ms <= at + 1 + 64)).toBe(true);
  expect(found).toEqual(found.toSorted((a, b) => a - b));
});
