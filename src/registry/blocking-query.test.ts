import { describe, expect, test } from "bun:test";
import { FakeClock } from "../../test/support/fake-clock.ts";
import { FakeRandom } from "../../test/support/fake-random.ts";
import { settle } from "../../test/support/settle.ts";
import { keySet } from "../../test/support/state.ts";
import { openTestStore } from "../../test/support/store.ts";
import { kvEntry } from "./kv.ts";
import type { Query } from "./query.ts";
import { waitForChange, type Wait } from "./blocking-query.ts";
import type { Store } from "./store.ts";

const limits = { defaultMs: 300_000, maxMs: 600_000 };

/** Opens a store in which the key "a" has the index 1 and the newest write, to another key, has the index 2. */
async function openWithKeys(): Promise<{ store: Store; clock: FakeClock }> {
  const { store } = openTestStore();
  await store.submit(keySet("a", "1"));
  await store.submit(keySet("b", "1"));
  return { store, clock: new FakeClock() };
}

/** Starts a blocking query. The result's `index` is undefined until the query is answered, and then the index of the answer. */
function ask(
  { store, clock }: { readonly store: Store; readonly clock: FakeClock },
  wait: Partial<Wait> & { readonly query?: Query<unknown> } = {},
): { index: number | undefined } {
  const { query = kvEntry("a"), ...given } = wait;
  const asked: { index: number | undefined } = { index: undefined };
  const options = { index: 1, waitMs: 60_000, signal: new AbortController().signal, ...given };
  void waitForChange(store, query.topics, { ...options, limits, clock, random: new FakeRandom() }).then(() => {
    asked.index = store.indexOf(query.topics);
  });
  return asked;
}

describe("a query", () => {
  test.each([
    ["that names no index", 0, 1],
    ["whose answer is newer than its index", 0.5, 1],
    ["whose index is two above the store's newest", 4, 1],
    ["whose index is far above the store's newest", 2 ** 63, 1],
  ])("is answered at once: one %s", async (_name, index, answered) => {
    const opened = await openWithKeys();
    const asked = ask(opened, { index });
    await settle();
    expect(asked.index).toBe(answered);
    expect([opened.store.watches.size, opened.clock.timerCount]).toEqual([0, 0]);
  });

  test("whose client has disconnected is answered at once", async () => {
    const opened = await openWithKeys();
    const asked = ask(opened, { signal: AbortSignal.abort() });
    await settle();
    expect([asked.index, opened.store.watches.size]).toEqual([1, 0]);
  });
});

describe("a blocking query", () => {
  test("is answered by a write to its topic, with that write's index, and leaves no timer or waiter", async () => {
    const opened = await openWithKeys();
    const asked = ask(opened);
    await settle();
    expect([asked.index, opened.store.watches.size]).toEqual([undefined, 1]);
    await opened.store.submit(keySet("a", "2"));
    await settle();
    expect(asked.index).toBe(3);
    expect([opened.store.watches.size, opened.clock.timerCount]).toEqual([0, 0]);
  });

  test("keeps waiting when a write touches another topic or changes nothing", async () => {
    const opened = await openWithKeys();
    const asked = ask(opened);
    await opened.store.submit(keySet("b", "2"));
    await opened.store.submit(keySet("a", "1"));
    await settle();
    expect(asked.index).toBeUndefined();
  });

  test("with an index one above the store's newest is answered by the next write to its topic", async () => {
    const opened = await openWithKeys();
    const asked = ask(opened, { index: 3 });
    await settle();
    expect([asked.index, opened.store.watches.size]).toEqual([undefined, 1]);
    await opened.store.submit(keySet("a", "2"));
    await settle();
    expect(asked.index).toBe(3);
  });

  test("is answered with the index of its topic when the wait is over", async () => {
    const opened = await openWithKeys();
    const asked = ask(opened, { index: 2, waitMs: 10_000 });
    await opened.clock.advance(9_999);
    expect(asked.index).toBeUndefined();
    await opened.clock.advance(10_000 / 16 + 1);
    expect(asked.index).toBe(1);
    expect([opened.store.watches.size, opened.clock.timerCount]).toEqual([0, 0]);
  });

  test.each([
    ["names no wait time waits for the default", undefined, limits.defaultMs],
    ["names a wait time of 0 waits for the default", 0, limits.defaultMs],
    ["names a longer wait time than the maximum waits for the maximum", 1e12, limits.maxMs],
  ])("ends at most a sixteenth of its wait time late: one that %s", async (_name, waitMs, expectedMs) => {
    const opened = await openWithKeys();
    const asked = ask(opened, { waitMs });
    await opened.clock.advance(expectedMs - 1);
    expect(asked.index).toBeUndefined();
    await opened.clock.advance(expectedMs / 16 + 1);
    expect(asked.index).toBe(1);
  });

  test("ends when its client disconnects", async () => {
    const opened = await openWithKeys();
    const client = new AbortController();
    const asked = ask(opened, { signal: client.signal });
    await settle();
    client.abort();
    await settle();
    expect(asked.index).toBe(1);
    expect([opened.store.watches.size, opened.clock.timerCount]).toEqual([0, 0]);
  });

  test("ends when the store closes, and a later query is answered at once", async () => {
    const opened = await openWithKeys();
    const asked = ask(opened);
    await opened.store.close();
    const late = ask(opened);
    await settle();
    expect([asked.index, late.index, opened.store.watches.size]).toEqual([1, 1, 0]);
  });
});

test("the index of a query is the highest of its topics' indexes", async () => {
  const { store } = await openWithKeys();
  expect(store.indexOf([...kvEntry("a").topics, ...kvEntry("b").topics])).toBe(2);
  expect(store.indexOf(kvEntry("never written").topics)).toBe(1);
});
