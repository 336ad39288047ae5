import { describe, expect, test } from "bun:test";
import { openTestStore, type TestStore } from "../../test/support/store.ts";
import { putKv } from "./kv.ts";
import { LocalRows } from "./local-rows.ts";
import { type Readiness, serverReadiness } from "./readiness.ts";

const leader = { id: "i", name: "n1", address: "127.0.0.1:8300" };
const refused = "the last write could not be stored (disk-full); the log says more";

function open(
  cluster: { leader: typeof leader | undefined } = { leader },
): TestStore & { readonly readiness: Readiness } {
  const opened = openTestStore();
  const { store, engine } = opened;
  const localRows = new LocalRows(store);
  return { ...opened, readiness: serverReadiness({ store, cluster, localRows, engine }) };
}

async function write({ store }: TestStore): Promise<unknown> {
  return putKv(store, { key: "a", value: Buffer.from("1"), flags: 0n, cas: undefined }).catch(
    (error: unknown) => error,
  );
}

describe("a server is ready", () => {
  test("while it stores writes, and a question writes nothing then", async () => {
    const opened = open();
    await write(opened);
    expect(await opened.readiness.whyNotReady()).toBeUndefined();
    expect(opened.engine.batches).toHaveLength(1);
  });

  test("not while a write could not be stored, and again as soon as the disk takes one, without a client's write", async () => {
    const opened = open();
    const { engine, readiness, store } = opened;
    engine.fail();
    await write(opened);
    expect(await readiness.whyNotReady()).toBe(refused);
    const { index } = store;
    engine.recover();
    expect(await readiness.whyNotReady()).toBeUndefined();
    expect(store.index).toBe(index);
    const { length } = engine.batches;
    expect(await readiness.whyNotReady()).toBeUndefined();
    expect(engine.batches).toHaveLength(length);
  });

  test("and many questions at once share one attempt and the next", async () => {
    const opened = open();
    const { engine, readiness } = opened;
    engine.fail();
    await write(opened);
    const { length } = engine.batches;
    await Promise.all(Array.from({ length: 100 }, () => readiness.whyNotReady()));
    expect(engine.batches.length - length).toBeLessThanOrEqual(2);
  });

  test("not without a leader, and not while it stops", async () => {
    const cluster: { leader: typeof leader | undefined } = { leader: undefined };
    const { readiness, store } = open(cluster);
    expect(await readiness.whyNotReady()).toBe("No cluster leader");
    cluster.leader = leader;
    expect(await readiness.whyNotReady()).toBeUndefined();
    await store.close();
    expect(await readiness.whyNotReady()).toBe("the agent is stopping");
  });
});
