import { afterEach, beforeEach, expect, test } from "bun:test";
import { FakeBroker } from "../../test/support/fake-broker.ts";
import { FakeClock } from "../../test/support/fake-clock.ts";
import { settle } from "../../test/support/settle.ts";
import { keySet } from "../../test/support/state.ts";
import { StoreCluster } from "../../test/support/store-cluster.ts";
import { within } from "../../test/support/within.ts";
import { MemoryCluster } from "../engine/memory/memory-cluster.ts";
import { createLog } from "../lib/log.ts";
import { Metrics } from "../lib/metrics.ts";
import { LocalRows } from "../registry/local-rows.ts";
import type { ReplicatedStore } from "../registry/replicated-store.ts";
import { openMessageBus } from "./message-bus.ts";

/** A server of several that publish to one broker. */
interface Server {
  readonly store: ReplicatedStore;
  readonly broker: FakeBroker;
  passTo(index: number): void;
}

let clock: FakeClock;
let cluster: StoreCluster;
let servers: Server[];
let stopping: AbortController;
/** The positions that leaders have told the other servers. */
let told: number[];

beforeEach(async () => {
  clock = new FakeClock();
  cluster = new StoreCluster(new MemoryCluster());
  [servers, told, stopping] = [[], [], new AbortController()];
  for (const name of ["s1", "s2", "s3"]) servers.push(await open(await cluster.start(name)));
  await leading();
});

afterEach(async () => {
  stopping.abort();
  await cluster.close();
});

async function open(store: ReplicatedStore): Promise<Server> {
  const broker = new FakeBroker();
  const { passTo } = await openMessageBus(store, {
    ...{ topicPrefix: "t", keyPrefixes: ["e/"], nodeId: "6f3f8f6c-6f0e-4a66-9e1c-0d4f0c6a8f11", base64Payload: false },
    ...{ encodeCbor: undefined, connect: broker.connect, local: [], clock, stopping: stopping.signal },
    tellPosition: (index) => {
      told.push(index);
      for (const other of servers) if (other.store !== store) other.passTo(index);
    },
    localRows: new LocalRows({ submitTogether: () => Promise.resolve([]) }),
    metrics: new Metrics(clock.wallMs()),
    log: createLog({ level: "error", json: false, clock, sink: () => {} }, "bus"),
  });
  return { store, broker, passTo };
}

/** Resolves with the server that leads and publishes. */
function leading(): Promise<Server> {
  return within(1_000, async () => {
    const found = servers.filter(({ store }) => store.leads);
    const [leader] = found;
    expect(found).toHaveLength(1);
    expect(leader?.broker.isConnected).toBe(true);
    return leader as Server;
  });
}

/** Ends the term, and resolves with the next leader, which is another server. */
async function changeLeader(): Promise<Server> {
  const before = await leading();
  for (;;) {
    await cluster.expire();
    const after = await leading();
    if (after !== before) return after;
  }
}

/** Writes the keys through all servers in turn, and resolves when the leader has published all changes. */
async function write(...keys: readonly string[]): Promise<void> {
  for (const [at, key] of keys.entries()) await servers[at % servers.length]?.store.submit(keySet(`e/${key}`, "1"));
  const { broker } = await leading();
  await within(1_000, async () => expect(broker.topics).toContain(`t/e/${keys.at(-1)}`));
}

/** Returns the keys that a server has published since the last call. */
function published({ broker }: Server): readonly string[] {
  return broker.sent.splice(0).map(({ topic }) => topic.replace("t/e/", ""));
}

test("only the leader publishes the changes of keys, those of writes through other servers too", async () => {
  await write("a", "b", "c");
  const leader = await leading();
  expect(published(leader)).toEqual(["a", "b", "c"]);
  for (const other of servers.filter((each) => each !== leader))
    expect([other.broker.isConnected, published(other)]).toEqual([false, []]);
});

test("the next leader publishes every change after the position that it knows, and the one before publishes no more", async () => {
  await write("a", "b", "c");
  const before = await leading();
  published(before);
  const after = await changeLeader();
  await write("d");
  expect(published(after)).toEqual(["a", "b", "c", "d"]);
  expect([before.broker.isConnected, published(before)]).toEqual([false, []]);
});

test("the next leader publishes no change again that the one before has told it of", async () => {
  await write("a", "b");
  await clock.advance(5_000);
  expect(told).toEqual([(await leading()).store.state.index]);
  await write("c");
  const after = await changeLeader();
  await write("d");
  expect(published(after)).toEqual(["c", "d"]);
});

test("a leader whose broker has acknowledged nothing tells no position, so the next one leaves no change out", async () => {
  const before = await leading();
  before.broker.acknowledges = false;
  await write("a", "b", "c");
  expect(published(before)).toEqual(["a", "b", "c"]);
  await clock.advance(60_000);
  expect(told).toEqual([]);
  const after = await changeLeader();
  await write("d");
  expect(published(after)).toEqual(["a", "b", "c", "d"]);
  before.broker.acknowledges = true;
  while ((await leading()) !== before) await changeLeader();
  await write("e");
  expect(published(before)).toEqual(["a", "b", "c", "d", "e"]);
});

test("a leader tells a position below the first change that its broker has not acknowledged", async () => {
  const leader = await leading();
  const first = leader.store.state.index + 1;
  leader.broker.acknowledges = false;
  await write("a", "b", "c");
  leader.broker.sent[1]?.acknowledge();
  await settle();
  await clock.advance(5_000);
  leader.broker.sent[0]?.acknowledge();
  await settle();
  await clock.advance(5_000);
  expect(told).toEqual([first - 1, first + 1]);
});

test("a server that leads a second time goes on after the changes that others have published", async () => {
  const first = await leading();
  await write("a");
  await changeLeader();
  await write("b");
  await clock.advance(5_000);
  published(first);
  while ((await leading()) !== first) await changeLeader();
  await write("c");
  await settle();
  expect(published(first)).toEqual(["c"]);
});
