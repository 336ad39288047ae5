import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { rejectionOf } from "../../test/support/rejection.ts";
import { settle } from "../../test/support/settle.ts";
import { keySet } from "../../test/support/state.ts";
import { openTestStore } from "../../test/support/store.ts";
import type { Command } from "../state/command.ts";
import { getKv } from "../state/kv.ts";
import { openState } from "../state/open-state.ts";
import { emptyState } from "../state/state.ts";
import { topics } from "../state/topics.ts";
import { LocalRows } from "./local-rows.ts";

/** A command for which the state machine throws an error. No request leads to it, since the decoders of requests refuse it. */
const faulty = { type: "register", node: undefined } as unknown as Command;

describe("group commit", () => {
  test("commands submitted in one tick form one batch, and each has its own index", async () => {
    const { store, engine } = openTestStore();
    await Promise.all([store.submit(keySet("a", "1")), store.submit(keySet("b", "1"))]);
    expect(engine.batches.map(({ revision, changes }) => [revision, changes.length])).toEqual([[2, 2]]);
    expect([getKv(store.state, "a")?.modifyIndex, getKv(store.state, "b")?.modifyIndex]).toEqual([1, 2]);
  });

  test("commands that arrive while a batch is under way form the next batch", async () => {
    const { store, engine } = openTestStore();
    engine.hold();
    const first = store.submit(keySet("a", "1"));
    await settle();
    const others = [store.submit(keySet("b", "1")), store.submit(keySet("c", "1"))];
    await settle();
    expect(engine.batches).toHaveLength(1);
    engine.release();
    await Promise.all([first, ...others]);
    expect(engine.batches.map(({ revision }) => revision)).toEqual([1, 3]);
  });

  test("a caller gets its outcome, and readers see the change, only when the change is durable", async () => {
    const { store, engine, disk } = openTestStore();
    engine.hold();
    let done = false;
    const submitted = store.submit(keySet("a", "1")).then(() => void (done = true));
    await settle();
    expect([done, store.state.index, disk.rows().length]).toEqual([false, 0, 0]);
    engine.release();
    await submitted;
    expect([done, store.state.index, disk.rows().length]).toEqual([true, 1, 1]);
  });

  test("a command that changes nothing causes no commit", async () => {
    const { store, engine } = openTestStore();
    await store.submit(keySet("a", "1"));
    expect(await store.submit(keySet("a", "1"))).toEqual({ type: "done" });
    expect(engine.batches).toHaveLength(1);
  });

  test("commands submitted together are in one batch, whatever else is queued, and each has its own outcome", async () => {
    const { store, engine } = openTestStore();
    engine.hold();
    const first = store.submit(keySet("a", "1"));
    await settle();
    const others = [store.submit(keySet("b", "1"))];
    const together = store.submitTogether([
      keySet("c", "1"),
      { type: "kv-delete", key: "a", cas: 9 },
      keySet("d", "1"),
    ]);
    others.push(store.submit(keySet("e", "1")));
    engine.release();
    expect(await together).toEqual([{ type: "done" }, { type: "unchanged" }, { type: "done" }]);
    await Promise.all([first, ...others]);
    const keys = engine.batches.map(({ changes }) => changes.map(({ key }) => key));
    expect(keys.filter((each) => each.includes("c"))).toEqual(keys.filter((each) => each.includes("d")));
  });

  test("local rows are in one batch with the commands saved with them, and change neither the state nor its index", async () => {
    const { store, engine } = openTestStore();
    const local = new LocalRows(store);
    await local.save([{ key: "x", value: new Uint8Array([1]) }]);
    expect([store.state.index, store.state]).toEqual([0, emptyState]);
    await local.saveWith([{ key: "x", value: undefined }], [keySet("a", "1")]);
    const rows = engine.batches.map(({ changes }) => changes.map(({ table, key }) => `${table}/${key}`));
    expect(rows).toEqual([["local/x"], ["local/x", "kv/a"]]);
    expect(store.state.index).toBe(1);
  });

  test("submitTogether rejects if one of its commands throws, and its other commands take effect", async () => {
    const { store } = openTestStore();
    const fault = rejectionOf(store.submitTogether([keySet("a", "1"), faulty, keySet("b", "1")]));
    expect(await fault).toBeDefined();
    expect([...store.state.kv.values()].map(({ key }) => key)).toEqual(["a", "b"]);
  });

  test("a command that throws does not fail the other commands of its batch", async () => {
    const { store } = openTestStore();
    const before = store.submit(keySet("a", "1"));
    const fault = rejectionOf(store.submit(faulty));
    const after = store.submit(keySet("b", "1"));
    expect(await fault).toBeInstanceOf(TypeError);
    expect([await before, await after]).toEqual([{ type: "done" }, { type: "done" }]);
    expect(store.state.index).toBe(2);
  });
});

describe("a batch that fails", () => {
  test("changes nothing and rejects the promises of all its commands; later commands succeed", async () => {
    const { store, engine, disk } = openTestStore();
    await store.submit(keySet("a", "1"));
    const before = store.state;
    engine.fail();
    const refused = [rejectionOf(store.submit(keySet("a", "2"))), rejectionOf(store.submit(keySet("b", "1")))];
    for (const error of await Promise.all(refused)) expect(error).toMatchObject({ kind: "unavailable" });
    expect(store.state).toBe(before);
    engine.recover();
    await store.submit(keySet("b", "1"));
    expect(openState(disk.rows(), disk.revision).state.index).toBe(store.state.index);
    expect(getKv(store.state, "b")?.modifyIndex).toBe(2);
  });

  test("wakes no watcher and runs no callback of `follow`", async () => {
    const { store, engine } = openTestStore();
    let calls = 0;
    store.follow(() => (calls += 1));
    store.watches.wait([topics.key("a")], () => (calls += 1));
    engine.fail();
    await rejectionOf(store.submit(keySet("a", "1")));
    expect(calls).toBe(0);
  });

  test("does not fail the commands that were queued after it", async () => {
    const { store, engine } = openTestStore();
    engine.hold();
    engine.fail();
    const first = rejectionOf(store.submit(keySet("a", "1")));
    await settle();
    const second = store.submit(keySet("b", "1"));
    engine.release();
    await first;
    engine.recover();
    expect(await second).toEqual({ type: "done" });
    expect(store.state.index).toBe(1);
  });
});

test("a commit runs the callbacks of `follow`, then wakes watchers and callers, and all of them read the new state", async () => {
  const { store } = openTestStore();
  const order: string[] = [];
  const note = (who: string) => (): void => void order.push(`${who} ${store.state.index}`);
  store.follow(note("listener"));
  store.watches.wait([topics.key("a")], note("watcher"));
  await store.submit(keySet("a", "1")).then(note("caller"));
  expect(order).toEqual(["listener 1", "watcher 1", "caller 1"]);
});

test("closing the store waits for the queued commands, refuses further ones, and wakes all watchers", async () => {
  const { store, engine } = openTestStore();
  engine.hold();
  const queued = [store.submit(keySet("a", "1"))];
  await settle();
  queued.push(store.submit(keySet("b", "1")));
  let woken = false;
  store.watches.wait([topics.key("z")], () => void (woken = true));
  const closed = store.close();
  expect(await rejectionOf(store.submit(keySet("c", "1")))).toMatchObject({ code: "stopping" });
  engine.release();
  await closed;
  await Promise.all(queued);
  expect([store.state.index, woken, store.watches.size]).toEqual([2, true, 0]);
});

test("after any sequence of failed batches the disk has exactly the acknowledged writes", async () => {
  const step = fc.record({
    keys: fc.array(fc.constantFrom("a", "b", "c", "d"), { minLength: 1, maxLength: 4 }),
    fails: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
      const { store, engine, disk } = openTestStore();
      const acknowledged = new Map<string, string>();
      for (const [at, { keys, fails }] of steps.entries()) {
        if (fails) engine.fail();
        else engine.recover();
        const writes = keys.map((key) =>
          store.submit(keySet(key, String(at))).then(() => acknowledged.set(key, String(at))),
        );
        await Promise.allSettled(writes);
      }
      const { state } = openState(disk.rows(), disk.revision);
      const kept = [...state.kv.values()].map(({ key, value }) => [key, Buffer.from(value).toString()]);
      expect(Object.fromEntries(kept)).toEqual(Object.fromEntries(acknowledged));
      expect(state.index).toBe(store.state.index);
    }),
  );
});
