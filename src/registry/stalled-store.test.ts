import { describe, expect, test } from "bun:test";
import { startTestApi } from "../../test/support/api.ts";
import { rejectionOf } from "../../test/support/rejection.ts";
import { settle } from "../../test/support/settle.ts";
import { keySet, nodeNamed, sessionNamed } from "../../test/support/state.ts";
import { openTestStore } from "../../test/support/store.ts";
import { getKv } from "../state/kv.ts";
import { topics } from "../state/topics.ts";

const limitMs = 10_000;

test("a lock delay starts when the deletion of its session is durable", async () => {
  const { store, engine, clock } = openTestStore();
  const [holder = "", rival = ""] = [1, 2].map((digit) => `6f3f8f6c-6f0e-4a66-9e1c-0d4f0c6a8f1${digit}`);
  const lockAs = (session: string) =>
    store.submit({ type: "kv-lock", key: "lock", value: new Uint8Array(), flags: 0n, session });
  await store.submit({ type: "register", node: nodeNamed("n1"), skipNodeUpdate: false, checks: [] });
  for (const id of [holder, rival])
    await store.submit({ type: "session-create", session: sessionNamed(id, { lockDelayMs: 3_000 }) });
  await lockAs(holder);
  engine.hold();
  const ended = store.submit({ type: "session-destroy", id: holder });
  await clock.advance(8_000);
  engine.release();
  await ended;
  await clock.advance(2_999);
  expect(await lockAs(rival)).toEqual({ type: "unchanged" });
  await clock.advance(1);
  expect(await lockAs(rival)).toEqual({ type: "done" });
});

describe("a slow disk", () => {
  test("gives each caller an error after the time limit that says whether the write may still take effect", async () => {
    const { store, engine, clock } = openTestStore();
    engine.hold();
    const underWay = rejectionOf(store.submit(keySet("a", "1")));
    await settle();
    const queued = rejectionOf(store.submit(keySet("b", "1")));
    await clock.advance(limitMs + 1);
    expect(await underWay).toMatchObject({ kind: "timeout", code: "write-unconfirmed" });
    expect(await queued).toMatchObject({ kind: "unavailable", code: "store-stalled" });
    expect(await rejectionOf(store.submit(keySet("c", "1")))).toMatchObject({ code: "store-stalled" });
    expect(engine.batches).toHaveLength(1);
  });

  test("that answers after the time limit commits the batch under way and wakes its watchers, but no queued write", async () => {
    const { store, engine, clock } = openTestStore();
    engine.hold();
    const refused = rejectionOf(store.submit(keySet("a", "1")));
    await settle();
    const queued = rejectionOf(store.submit(keySet("b", "1")));
    let woken = false;
    store.watches.wait([topics.key("a")], () => (woken = true));
    await clock.advance(limitMs + 1);
    await Promise.all([refused, queued]);
    engine.release();
    await settle();
    expect(["a", "b"].map((key) => getKv(store.state, key) !== undefined)).toEqual([true, false]);
    expect(woken).toBe(true);
    expect(await store.submit(keySet("b", "2"))).toEqual({ type: "done" });
  });

  test("may take a millisecond longer for each row of a batch, so that a large restore ends before the time limit", async () => {
    const { store, engine, clock } = openTestStore();
    engine.hold();
    let ended = false;
    const many = Array.from({ length: 5_000 }, (_, at) => store.submit(keySet(`k${at}`, "1")));
    const all = Promise.all(many).finally(() => (ended = true));
    await clock.advance(limitMs + 4_000);
    expect(ended).toBe(false);
    engine.release();
    await all;
  });

  test("that has answered while the process did not run fails no write, although the time limit is over", async () => {
    const { store, engine, clock } = openTestStore();
    engine.hold();
    const written = store.submit(keySet("a", "1"));
    await settle();
    clock.pause(2 * limitMs);
    const fired = clock.advance(0);
    engine.release();
    await fired;
    expect(await written).toEqual({ type: "done" });
  });

  test("that answers within the time limit leaves no timer", async () => {
    const { store, clock } = openTestStore();
    await store.submit(keySet("a", "1"));
    expect(clock.timerCount).toBe(0);
  });

  test("makes the agent answer writes with status 500 after the time limit, and does not affect reads", async () => {
    const api = await startTestApi();
    await api.ask("/v1/kv/a", { method: "PUT", body: "1" });
    api.engine.hold();
    const write = api.ask("/v1/kv/a", { method: "PUT", body: "2" });
    await settle();
    expect(await (await api.ask("/v1/kv/a?raw")).text()).toBe("1");
    await api.clock.advance(limitMs + 2);
    const answer = await write;
    expect([answer.status, await answer.text()]).toEqual([
      500,
      "the disk has not confirmed the write within 10 s. It may still be done: read before you write again, and look at the disk.",
    ]);
    expect((await api.ask("/v1/status/leader")).status).toBe(200);
  });
});
