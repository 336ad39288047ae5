import { describe, expect, test } from "bun:test";
import { FakeRandom } from "../../test/support/fake-random.ts";
import { rejectionOf } from "../../test/support/rejection.ts";
import { keyLock, keySet, nodeNamed, sessionNamed } from "../../test/support/state.ts";
import { openTestStore, type TestStore } from "../../test/support/store.ts";
import { createLog } from "../lib/log.ts";
import { getKv } from "../state/kv.ts";
import { openState } from "../state/open-state.ts";
import { getSession } from "../state/session.ts";
import { topics } from "../state/topics.ts";
import { createSession } from "./session.ts";
import { SessionTtls } from "./session-ttls.ts";
import { IncomingSnapshot, takeSnapshot } from "./snapshot.ts";
import { waitForChange } from "./blocking-query.ts";
import type { Store } from "./store.ts";

const id = "6f3f8f6c-6f0e-4a66-9e1c-0d4f0c6a8f11";

function save(store: Store): readonly Uint8Array[] {
  return [...takeSnapshot(store).blocks()];
}

async function restore(store: Store, blocks: readonly Uint8Array[]): Promise<void> {
  const incoming = new IncomingSnapshot(store);
  for (const block of blocks) incoming.add(block);
  incoming.finish();
  await incoming.commit();
}

function valueOf({ store }: TestStore, key: string): string | undefined {
  const entry = getKv(store.state, key);
  return entry && Buffer.from(entry.value).toString();
}

test("a snapshot does not include writes that the store commits while the snapshot's blocks are read", async () => {
  const opened = openTestStore();
  await opened.store.submit(keySet("a", "1"));
  const snapshot = takeSnapshot(opened.store);
  const before = Buffer.concat([...snapshot.blocks()]);
  await opened.store.submit(keySet("a", "2"));
  expect(Buffer.concat([...snapshot.blocks()])).toEqual(before);
  await restore(opened.store, [before]);
  expect(valueOf(opened, "a")).toBe("1");
});

describe("the restore of a snapshot", () => {
  test("commits one batch, which is durable when the restore returns", async () => {
    const opened = openTestStore();
    await Promise.all([keySet("a", "1"), keySet("b", "1")].map((each) => opened.store.submit(each)));
    const saved = save(opened.store);
    await Promise.all([keySet("a", "2"), keySet("c", "2")].map((each) => opened.store.submit(each)));
    opened.engine.batches.length = 0;
    await restore(opened.store, saved);
    expect(opened.engine.batches).toHaveLength(1);
    const { state } = openState(opened.disk.rows(), opened.disk.revision);
    expect([...state.kv.entries()]).toEqual([...opened.store.state.kv.entries()]);
    expect(["a", "b", "c"].map((key) => valueOf(opened, key))).toEqual(["1", "1", undefined]);
    expect(state.index).toBe(5);
  });

  test("writes no unchanged row if the snapshot equals the present state", async () => {
    const opened = openTestStore();
    await opened.store.submit(keySet("a", "1"));
    await restore(opened.store, save(opened.store));
    expect(opened.engine.batches.at(-1)?.changes.map(({ table }) => table)).toEqual(["meta"]);
  });

  test("changes nothing and wakes no watcher if it cannot be made durable", async () => {
    const opened = openTestStore();
    await opened.store.submit(keySet("a", "1"));
    const saved = save(opened.store);
    await opened.store.submit(keySet("a", "2"));
    const before = opened.store.state;
    let woken = false;
    opened.store.watches.wait([topics.key("a")], () => (woken = true));
    opened.engine.fail();
    expect(await rejectionOf(restore(opened.store, saved))).toMatchObject({ code: "disk-full" });
    expect([opened.store.state, woken]).toEqual([before, false]);
  });

  test("continues from the snapshot's index if that is above the store's, and no index falls", async () => {
    const other = openTestStore();
    for (let at = 0; at < 9; at += 1) await other.store.submit(keySet("a", `${at}`));
    const opened = openTestStore();
    await opened.store.submit(keySet("b", "1"));
    await restore(opened.store, save(other.store));
    expect(opened.store.state.index).toBe(10);
    for (const topic of [topics.key("a"), topics.key("b"), topics.tree(""), topics.nodes])
      expect(opened.store.indexOf([topic])).toBe(10);
    await opened.store.submit(keySet("c", "1"));
    expect(opened.store.indexOf([topics.key("c")])).toBe(11);
  });

  test("wakes the watchers of an unchanged key and raises the key's index", async () => {
    const { store, clock } = openTestStore();
    await store.submit(keySet("a", "1"));
    const saved = save(store);
    await store.submit(keySet("a", "2"));
    const waiting = waitForChange(store, [topics.key("a")], {
      ...{ index: 2, waitMs: undefined, signal: new AbortController().signal },
      ...{ limits: { defaultMs: 1e6, maxMs: 1e6 }, clock, random: new FakeRandom() },
    });
    await restore(store, saved);
    await waiting;
    expect(store.indexOf([topics.key("a")])).toBe(3);
    expect(getKv(store.state, "a")?.modifyIndex).toBe(1);
  });
});

describe("after the restore of a snapshot", () => {
  async function openWithSession(ttl: string): Promise<TestStore> {
    const opened = openTestStore();
    const log = createLog({ level: "warn", json: false, clock: opened.clock, sink: () => {} }, "session");
    new SessionTtls(opened.store, { clock: opened.clock, log });
    await opened.store.submit({ type: "register", node: nodeNamed("n1"), skipNodeUpdate: false, checks: [] });
    await createSession(opened.store, sessionNamed(id, { ttl, lockDelayMs: 15_000 }));
    return opened;
  }

  test("sessions that had ended since the snapshot exist again, with their full TTL", async () => {
    const { store, clock } = await openWithSession("10s");
    const saved = save(store);
    await clock.advance(20_000);
    expect(getSession(store.state, id)).toBeUndefined();
    await restore(store, saved);
    await clock.advance(19_000);
    expect(getSession(store.state, id)).toBeDefined();
    await clock.advance(1_000);
    expect(getSession(store.state, id)).toBeUndefined();
    expect(clock.timerCount).toBe(0);
  });

  test("sessions that the snapshot does not have leave no timer", async () => {
    const empty = save(openTestStore().store);
    const { store, clock } = await openWithSession("10s");
    await restore(store, empty);
    expect(clock.timerCount).toBe(0);
  });

  test("a key's lock delay stays, because the former lock holder may still be at work", async () => {
    const { store, clock } = await openWithSession("");
    const saved = save(store);
    await store.submit(keyLock("a", id));
    await store.submit({ type: "session-destroy", id });
    await restore(store, saved);
    expect(await store.submit(keyLock("a", id))).toEqual({ type: "unchanged" });
    await clock.advance(15_000);
    expect(await store.submit(keyLock("a", id))).toEqual({ type: "done" });
  });
});
