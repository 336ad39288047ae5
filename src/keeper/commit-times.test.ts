import { expect, test } from "bun:test";
import { FakeClock } from "../../test/support/fake-clock.ts";
import { openMemoryEngine } from "../engine/memory/memory-engine.ts";
import { putKv } from "../registry/kv.ts";
import { Store } from "../registry/store.ts";
import { emptyState } from "../state/state.ts";
import { CommitTimes } from "./commit-times.ts";

async function startTimes(): Promise<{ clock: FakeClock; times: CommitTimes; write: () => Promise<number> }> {
  const clock = new FakeClock(0);
  const store = new Store(openMemoryEngine().engine, { ...emptyState, index: 10 }, { clock });
  let written = 0;
  const write = async (): Promise<number> => {
    written += 1;
    await putKv(store, { key: `${written}`, value: new Uint8Array(), flags: 0n, cas: undefined });
    return store.state.index;
  };
  return { clock, times: new CommitTimes(store, clock), write };
}

test("a write has the time at which it was made, and what was there before the start that of the start", async () => {
  const { clock, times, write } = await startTimes();
  await clock.advance(100);
  const first = await write();
  await clock.advance(100);
  const second = await write();
  expect([1, 10, first, second].map((index) => times.at(index))).toEqual([0, 0, 100, 200]);
});

test("of many writes the newest have their times, and none has an earlier one than its own or that of a later write", async () => {
  const { clock, times, write } = await startTimes();
  const indexes: number[] = [];
  for (let round = 0; round < 10_000; round += 1) {
    await clock.advance(1);
    indexes.push(await write());
  }
  const told = indexes.map((index) => times.at(index));
  expect(told.at(-1)).toBe(10_000);
  expect(told.slice(-1_000)).toEqual(Array.from({ length: 1_000 }, (_, at) => 9_001 + at));
  expect(told.every((ms, at) => ms >= at + 1 && ms <= at + 1 + 64)).toBe(true);
  expect(told).toEqual(told.toSorted((a, b) => a - b));
});
