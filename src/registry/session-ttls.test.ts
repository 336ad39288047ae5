import { expect, test } from "bun:test";
import { nodeNamed, sessionNamed } from "../../test/support/state.ts";
import { openTestStore, type TestStore } from "../../test/support/store.ts";
import { settle } from "../../test/support/settle.ts";
import { createLog } from "../lib/log.ts";
import { getSession } from "../state/session.ts";
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
