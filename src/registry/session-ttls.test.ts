import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { FakeClock } from "../../test/support/fake-clock.ts";
import { keySet, nodeNamed, sessionNamed } from "../../test/support/state.ts";
import { openTestStore, type TestStore } from "../../test/support/store.ts";
import { StoreCluster } from "../../test/support/store-cluster.ts";
import { within } from "../../test/support/within.ts";
import { settle } from "../../test/support/settle.ts";
import { MemoryCluster } from "../engine/memory/memory-cluster.ts";
import { createLog } from "../lib/log.ts";
import { getSession } from "../state/session.ts";
import type { ReplicatedStore } from "./replicated-store.ts";
import { createSession, destroySession } from "./session.ts";
import { SessionTtls } from "./session-ttls.ts";

const id = "6f3f8f6c-6f0e-4a66-9e1c-0d4f0c6a8f11";

interface TestTtls extends TestStore {
  readonly ttls: SessionTtls;
  readonly lines: string[];
  readonly lives: () => boolean;
}

function withTtls(opened: TestStore): TestTtls {
  const lines: string[] = [];
  const settings = {
    level: "warn" as const,
    json: false,
    clock: opened.clock,
    sink: (line: string) => void lines.push(line),
  };
  const ttls = new SessionTtls(opened.store, { clock: opened.clock, log: createLog(settings, "session") });
  return { ...opened, ttls, lines, lives: () => getSession(opened.store.state, id) !== undefined };
}

async function openWithSession(ttl: string): Promise<TestTtls> {
  const opened = withTtls(openTestStore());
  await opened.store.submit({ type: "register", node: nodeNamed("n1"), skipNodeUpdate: false, checks: [] });
  await createSession(opened.store, sessionNamed(id, { ttl }));
  return opened;
}

test("a session without renewals ends after its TTL, at the latest after twice its TTL", async () => {
  const { clock, lives } = await openWithSession("10s");
  await clock.advance(10_000);
  expect(lives()).toBe(true);
  await clock.advance(10_000);
  expect(lives()).toBe(false);
  expect(clock.timerCount).toBe(0);
});

test("a renewal restarts the TTL, whatever the letter case of the id, and writes nothing", async () => {
  const { clock, lives, ttls, disk } = await openWithSession("10s");
  const { revision } = disk;
  for (let at = 0; at < 5; at += 1) {
    await clock.advance(19_000);
    expect(ttls.renew(id.toUpperCase())?.id).toBe(id);
  }
  expect(lives()).toBe(true);
  expect(disk.revision).toBe(revision);
  await clock.advance(20_000);
  expect(lives()).toBe(false);
  expect(ttls.renew(id)).toBeUndefined();
});

test.each(["", "0s"])("a session with the TTL %j does not expire", async (ttl) => {
  const { clock, lives, ttls } = await openWithSession(ttl);
  expect(clock.timerCount).toBe(0);
  expect(ttls.renew(id)?.id).toBe(id);
  await clock.advance(1e9);
  expect(lives()).toBe(true);
});

test("a jump of the wall clock ends no session", async () => {
  const { clock, lives } = await openWithSession("10s");
  clock.jumpWall(56 * 365 * 86_400_000);
  await clock.advance(15_000);
  expect(lives()).toBe(true);
});

test("a destroyed session leaves no timer", async () => {
  const { clock, store } = await openWithSession("10s");
  await destroySession(store, id);
  expect(clock.timerCount).toBe(0);
});

test("after a restart of the agent a session has its full TTL again", async () => {
  const before = await openWithSession("10s");
  await before.clock.advance(15_000);
  before.ttls.stop();
  expect(before.clock.timerCount).toBe(0);
  const after = withTtls(before);
  await after.clock.advance(19_000);
  expect(after.lives()).toBe(true);
  await after.clock.advance(1_000);
  expect(after.lives()).toBe(false);
});

test("an expired session cannot be renewed while the store writes or retries its deletion", async () => {
  const { clock, engine, lives, ttls } = await openWithSession("10s");
  engine.hold();
  await clock.advance(20_000);
  expect(lives()).toBe(true);
  expect(ttls.renew(id)).toBeUndefined();
  // The disk has not confirmed the session's deletion in time, but may still do so.
  await clock.advance(10_500);
  expect(ttls.renew(id)).toBeUndefined();
  engine.release();
  await clock.advance(1_000);
  expect(lives()).toBe(false);
  expect(clock.timerCount).toBe(0);
});

test("a failed deletion of an expired session is retried each second, and logged as a warning once a minute", async () => {
  const { clock, engine, lives, lines } = await openWithSession("10s");
  engine.fail();
  await clock.advance(40_000);
  await settle();
  expect(lives()).toBe(true);
  expect(lines).toHaveLength(1);
  engine.recover();
  await clock.advance(1_000);
  expect(lives()).toBe(false);
});

describe("in a cluster, a session's TTL", () => {
  const nodeAndSession = async (store: ReplicatedStore): Promise<void> => {
    await store.submit({ type: "register", node: nodeNamed("n1"), skipNodeUpdate: false, checks: [] });
    await createSession(store, sessionNamed(id, { ttl: "10s" }));
  };
  const isAlive = (store: ReplicatedStore): boolean => getSession(store.state, id) !== undefined;
  const silent = createLog({ level: "error", json: false, clock: new FakeClock(), sink: () => {} }, "session");

  let cluster: StoreCluster;
  beforeEach(() => {
    cluster = new StoreCluster(new MemoryCluster());
  });
  afterEach(() => cluster.close());

  /** Starts two servers, each with its own clock and timers; the first one leads. */
  async function start() {
    const open = async (name: string) => {
      const clock = new FakeClock();
      const store = await cluster.start(name);
      return { store, clock, ttls: new SessionTtls(store, { clock, log: silent }) };
    };
    const first = await open("s1");
    await cluster.leader();
    const second = await open("s2");
    await nodeAndSession(first.store);
    await second.store.freshen("leader");
    return { first, second };
  }

  test("is watched by the leader alone, which takes the renewals", async () => {
    const { first, second } = await start();
    expect([first.ttls.active, second.ttls.active]).toEqual([1, 0]);
    expect(() => second.ttls.renew(id)).toThrow("no longer the leader");
    await second.clock.advance(60_000);
    expect(isAlive(first.store)).toBe(true);
    await first.clock.advance(20_000);
    await within(1_000, async () => expect(isAlive(second.store)).toBe(false));
  });

  test("starts anew at the next leader", async () => {
    const { first, second } = await start();
    await first.clock.advance(19_000);
    await cluster.expire();
    await within(1_000, async () => expect(second.store.leads).toBe(true));
    expect([first.ttls.active, second.ttls.active]).toEqual([0, 1]);
    await first.clock.advance(60_000);
    await second.clock.advance(19_000);
    expect(second.ttls.renew(id)?.id).toBe(id);
    await second.clock.advance(19_000);
    expect(isAlive(second.store)).toBe(true);
  });

  test("that is over does not end the session if the leader ends before the deletion is durable", async () => {
    const { first, second } = await start();
    cluster.holdCommits();
    await first.clock.advance(20_000);
    await cluster.expire();
    cluster.releaseCommits();
    await within(1_000, async () => expect(second.store.leads).toBe(true));
    // The first server forwards this write together with all that it still has.
    await first.store.submit(keySet("a", "1"));
    expect(isAlive(second.store)).toBe(true);
    expect(second.ttls.renew(id)?.id).toBe(id);
  });
});
