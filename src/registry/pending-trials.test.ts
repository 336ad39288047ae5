import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { checkNamed, keySet, nodeNamed, serviceNamed } from "../../test/support/state.ts";
import { openTestStore, reopenStore, type TestStore } from "../../test/support/store.ts";
import { StoreCluster } from "../../test/support/store-cluster.ts";
import { within } from "../../test/support/within.ts";
import { MemoryCluster } from "../engine/memory/memory-cluster.ts";
import { createLog } from "../lib/log.ts";
import type { CheckStatus } from "../model/check.ts";
import type { KvTrialRow } from "../model/kv-trial.ts";
import type { Command } from "../state/command.ts";
import { getKv } from "../state/kv.ts";
import { getKvTrial } from "../state/kv-trial.ts";
import { PendingTrials } from "./pending-trials.ts";
import type { Registry } from "./registry.ts";

const id = "6f3f8f6c-6f0e-4a66-9e1c-0d4f0c6a8f11";

interface World extends TestStore {
  readonly trials: PendingTrials;
  readonly lines: string[];
  readonly announced: string[];
}

/** Opens a store with the passing service "web" and the key "x", and follows its trials. */
async function openWorld(): Promise<World> {
  const opened = openTestStore();
  await opened.store.submit(web("passing"));
  await opened.store.submit(keySet("x", "old"));
  return { ...opened, ...followed(opened.store, opened) };
}

function followed(store: Registry, { clock }: Pick<TestStore, "clock">): Pick<World, "trials" | "lines" | "announced"> {
  const lines: string[] = [];
  const announced: string[] = [];
  const log = createLog({ level: "info", json: false, clock, sink: (line) => lines.push(line) }, "trial");
  const announce = ({ outcome, stage }: KvTrialRow): void => void announced.push(`${outcome} ${stage}`);
  return { trials: new PendingTrials(store, { clock, log, announce }), lines, announced };
}

function web(status: CheckStatus): Command {
  const check = checkNamed("c", { node: "gw", serviceId: "web", status });
  return {
    type: "register",
    node: nodeNamed("gw"),
    skipNodeUpdate: false,
    service: serviceNamed("web"),
    checks: [check],
  };
}

function start(more: { needsConfirm?: boolean; keys?: readonly (readonly string[])[] } = {}): Command {
  const { needsConfirm = false, keys = [["x"]] } = more;
  const content = { value: new TextEncoder().encode("new"), flags: 0n };
  return {
    type: "kv-trial-start",
    trial: { id, services: ["web"], stageMs: 60_000, needsConfirm },
    stages: keys.map((stage) => stage.map((key) => ({ key, content }))),
    atMs: 0,
  };
}

/** Returns the outcome of the trial and the values of the keys. */
function found({ state }: Registry, ...keys: readonly string[]): readonly (string | undefined)[] {
  const values = keys.map((key) => getKv(state, key)?.value).map((value) => value && new TextDecoder().decode(value));
  return [getKvTrial(state, id)?.outcome, ...values];
}

test("a trial is kept when its services pass until the time is over, and no timer is left", async () => {
  const { store, clock, announced, lines } = await openWorld();
  await store.submit(start());
  await clock.advance(59_999);
  expect(found(store, "x")).toEqual(["pending", "new"]);
  await clock.advance(1);
  expect(found(store, "x")).toEqual(["kept", "new"]);
  expect(announced).toEqual(["pending 1", "kept 1"]);
  expect(lines.at(-1)).toContain("A trial was kept: trial=6f3f8f6c");
  expect(clock.timerCount).toBe(0);
});

test("a trial is undone at the commit with which a service turns critical, and stays so when it recovers", async () => {
  const { store, clock, announced, lines } = await openWorld();
  await store.submit(start());
  await store.submit(web("warning"));
  await clock.advance(0);
  expect(found(store, "x")).toEqual(["pending", "new"]);
  await store.submit(web("critical"));
  await store.submit(web("passing"));
  await clock.advance(0);
  expect(found(store, "x")).toEqual(["undone", "old"]);
  expect(getKvTrial(store.state, id)?.why).toBe('the service "web" is critical: its check "c" on the node "gw"');
  expect(announced).toEqual(["pending 1", "undone 1"]);
  expect(lines.at(-1)).toContain("[WARN]  trial: A trial was undone");
  expect(clock.timerCount).toBe(0);
});

test("a service that goes, or is warning at the end, undoes it", async () => {
  const gone = await openWorld();
  await gone.store.submit(start());
  await gone.store.submit({ type: "deregister", node: "gw" });
  await gone.clock.advance(0);
  expect(found(gone.store, "x")).toEqual(["undone", "old"]);
  const warning = await openWorld();
  await warning.store.submit(start());
  await warning.store.submit(web("warning"));
  await warning.clock.advance(60_000);
  expect(found(warning.store, "x")).toEqual(["undone", "old"]);
});

test("each stage has its own time, and a service that fails in the second undoes both", async () => {
  const { store, clock, announced } = await openWorld();
  await store.submit(start({ keys: [["x"], ["y"], ["z"]] }));
  await clock.advance(60_000);
  expect(found(store, "x", "y", "z")).toEqual(["pending", "new", "new", undefined]);
  await clock.advance(59_000);
  expect(found(store, "x", "y", "z")).toEqual(["pending", "new", "new", undefined]);
  await store.submit(web("critical"));
  await clock.advance(0);
  expect(found(store, "x", "y", "z")).toEqual(["undone", "old", undefined, undefined]);
  expect(announced).toEqual(["pending 1", "pending 2", "undone 2"]);
  expect(clock.timerCount).toBe(0);
});

test("the time is that of the monotonic clock, whatever the wall clock does", async () => {
  const { store, clock } = await openWorld();
  await store.submit(start());
  clock.jumpWall(365 * 24 * 3_600_000);
  await clock.advance(59_000);
  expect(found(store, "x")).toEqual(["pending", "new"]);
  await clock.advance(1_000);
  expect(found(store, "x")).toEqual(["kept", "new"]);
});

test("a confirmation, or an undoing by hand, ends it at once", async () => {
  const { store, clock, announced } = await openWorld();
  await store.submit(start({ needsConfirm: true }));
  await store.submit({ type: "kv-trial-keep", id, atMs: 0 });
  expect(clock.timerCount).toBe(0);
  expect(found(store, "x")).toEqual(["kept", "new"]);
  expect(announced).toEqual(["pending 1", "kept 1"]);
  const waiting = await openWorld();
  await waiting.store.submit(start({ needsConfirm: true }));
  await waiting.clock.advance(60_000);
  expect(found(waiting.store, "x")).toEqual(["undone", "old"]);
});

test("a trial that is pending at a start is undone before the start goes on", async () => {
  const before = await openWorld();
  await before.store.submit(start({ keys: [["x"], ["y"]] }));
  before.trials.stop();
  const store = reopenStore(before);
  const { trials, announced } = followed(store, before);
  await trials.settled;
  expect(found(store, "x", "y")).toEqual(["undone", "old", undefined]);
  expect(getKvTrial(store.state, id)?.why).toContain("the agent restarted");
  expect(announced).toEqual(["pending 1", "undone 1"]);
  await store.submit({
    ...start(),
    trial: { id: id.replace("6f", "7f"), services: ["web"], stageMs: 60_000, needsConfirm: false },
  } as Command);
  await before.clock.advance(60_000);
  expect(found(store, "x")).toEqual(["undone", "new"]);
});

test("a trial that comes with a snapshot is undone", async () => {
  const { store, clock } = await openWorld();
  await store.submit(start());
  const snapshot = store.state;
  await store.submit({ type: "kv-trial-keep", id, atMs: 0 });
  await store.submit({ type: "restore", snapshot });
  await clock.advance(0);
  expect(found(store, "x")).toEqual(["undone", "old"]);
});

test("an undoing that fails is tried again, also when the service has recovered meanwhile", async () => {
  const { store, engine, clock } = await openWorld();
  await store.submit(start());
  let breaks = true;
  store.follow(() => {
    if (breaks) engine.fail();
    breaks = false;
  });
  await store.submit(web("critical"));
  await clock.advance(0);
  engine.recover();
  await store.submit(web("passing"));
  expect(found(store, "x")).toEqual(["pending", "new"]);
  await clock.advance(1_000);
  expect(found(store, "x")).toEqual(["undone", "old"]);
  expect(clock.timerCount).toBe(0);
});

test("without a pending trial, commits submit nothing and start no timer", async () => {
  const { store, clock } = await openWorld();
  await store.submit(start());
  await clock.advance(60_000);
  const { index } = store.state;
  await store.submit(web("critical"));
  await clock.advance(3_600_000);
  expect([store.state.index, clock.timerCount]).toEqual([index + 1, 0]);
});

describe("in a cluster", () => {
  let cluster: StoreCluster;
  beforeEach(() => {
    cluster = new StoreCluster(new MemoryCluster());
  });
  afterEach(() => cluster.close());

  test("the leader follows a trial that another server has started, and the next leader undoes it", async () => {
    const { clock } = openTestStore();
    const [one, two] = [await cluster.start("one"), await cluster.start("two")];
    const servers = [one, two].map((store) => ({ store, ...followed(store, { clock }) }));
    const leader = await cluster.leader();
    const other = leader === one ? two : one;
    await other.submit(web("passing"));
    await other.submit(keySet("x", "old"));
    await other.submit(start());
    await within(5_000, () => Promise.resolve(expect(found(leader, "x")).toEqual(["pending", "new"])));
    await clock.advance(59_000);
    expect([leader, other].map((store) => found(store, "x"))).toEqual([
      ["pending", "new"],
      ["pending", "new"],
    ]);
    expect(servers.map(({ announced }) => announced.length).toSorted((a, b) => a - b)).toEqual([0, 1]);
    await cluster.expire();
    await within(5_000, () => Promise.resolve(expect(found(other, "x")).toEqual(["undone", "old"])));
    expect(getKvTrial(other.state, id)?.why).toContain("another server began to lead");
    for (const { trials } of servers) trials.stop();
  });
});
