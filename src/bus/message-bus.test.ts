import { describe, expect, test } from "bun:test";
import { FakeBroker } from "../../test/support/fake-broker.ts";
import { settle } from "../../test/support/settle.ts";
import { keySet } from "../../test/support/state.ts";
import { openTestStore, type TestStore } from "../../test/support/store.ts";
import { createLog } from "../lib/log.ts";
import { Metrics } from "../lib/metrics.ts";
import { LocalRows } from "../registry/local-rows.ts";
import { openMessageBus, topicOf } from "./message-bus.ts";

interface Bus extends TestStore {
  readonly broker: FakeBroker;
  readonly log: readonly string[];
  readonly metrics: Metrics;
  put(key: string, value: string): Promise<void>;
  /** Returns the messages that the broker has received, as "topic=value", in the order sent. */
  sent(): readonly string[];
  stop(): Promise<void>;
}

async function settleAll(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await settle();
}

/**
 * Opens a message bus that publishes changes of keys below "e/". If an earlier bus is given, the new bus uses the disk of the
 * earlier one, as a restart after a crash does.
 */
async function openBus(
  prepare: (broker: FakeBroker) => void = () => {},
  { store, engine, clock, disk }: TestStore = openTestStore(),
): Promise<Bus> {
  const broker = new FakeBroker(() => clock.monotonicMs());
  prepare(broker);
  const lines: string[] = [];
  const metrics = new Metrics(clock.wallMs());
  const stopping = new AbortController();
  const bus = await openMessageBus(store, {
    topicPrefix: "t",
    keyPrefixes: ["e/"],
    nodeId: "6f3f8f6c-6f0e-4a66-9e1c-0d4f0c6a8f11",
    base64Payload: false,
    encodeCbor: undefined,
    tellPosition: () => {},
    connect: broker.connect,
    local: disk.rows().filter(({ table }) => table === "local"),
    localRows: new LocalRows(store),
    clock,
    metrics,
    log: createLog({ level: "info", json: false, clock, sink: (line) => void lines.push(line.slice(25)) }, "bus"),
    stopping: stopping.signal,
  });
  await settleAll();
  return {
    ...{ store, engine, clock, disk, broker, log: lines, metrics },
    async put(key, value) {
      await store.submit(keySet(key, value));
      await settleAll();
    },
    sent: () =>
      broker.sent.map(({ topic, bytes }) => `${topic}=${JSON.parse(Buffer.from(bytes).toString()).payload.value}`),
    async stop() {
      stopping.abort();
      await settleAll();
      await bus.stopped;
    },
  };
}

function keptPosition({ disk }: Bus): string | undefined {
  const row = disk.rows().find(({ key }) => key === "bus/position");
  return row && Buffer.from(row.value).toString();
}

function gauges({ metrics }: Bus): Record<string, number> {
  return Object.fromEntries(
    metrics.lastInterval().gauges.map(({ name, value }) => [name.replace("praetor.bus.", ""), value]),
  );
}

describe("changes of keys", () => {
  test("are published for keys below the configured prefixes only", async () => {
    const bus = await openBus();
    for (const [key, value] of [
      ["e/a", "1"],
      ["f/a", "2"],
      ["e/b", "3"],
    ] as const)
      await bus.put(key, value);
    await bus.store.submit({ type: "kv-delete", key: "e/a" });
    await settleAll();
    expect(bus.sent()).toEqual(["t/e/a=1", "t/e/b=3", "t/e/a=undefined"]);
    expect(bus.metrics.lastInterval().counters).toMatchObject([{ name: "praetor.bus.published", sum: 3 }]);
  });

  test("that were made before the bus first started are not published", async () => {
    const world = openTestStore();
    await world.store.submit(keySet("e/a", "1"));
    const bus = await openBus(undefined, world);
    await bus.put("e/b", "2");
    expect(bus.sent()).toEqual(["t/e/b=2"]);
  });

  test("that were made while the broker was unreachable are all published later", async () => {
    const bus = await openBus();
    bus.broker.answer = new Error("away");
    bus.broker.drop("gone");
    for (const value of ["1", "2", "3"]) await bus.put("e/a", value);
    expect(bus.sent()).toEqual([]);
    expect(gauges(bus)).toEqual({ connected: 0, waiting: 3, lag: 3 });
    bus.broker.answer = undefined;
    await bus.clock.advance(60_000);
    await settleAll();
    expect(bus.sent()).toEqual(["t/e/a=1", "t/e/a=2", "t/e/a=3"]);
    expect(gauges(bus)).toEqual({ connected: 1, waiting: 0, lag: 0 });
  });

  test("that the broker did not acknowledge are published again, and no key goes back to an older value", async () => {
    const bus = await openBus((broker) => void (broker.acknowledges = false));
    for (const [key, value] of [
      ["e/a", "1"],
      ["e/b", "1"],
      ["e/a", "2"],
    ] as const)
      await bus.put(key, value);
    expect(bus.sent()).toEqual(["t/e/a=1", "t/e/b=1"]);
    bus.broker.drop("gone");
    bus.broker.acknowledges = true;
    await settleAll();
    await bus.clock.advance(1_000);
    await settleAll();
    expect(bus.sent().slice(2)).toEqual(["t/e/a=1", "t/e/b=1", "t/e/a=2"]);
  });

  test("whose MQTT topic no broker accepts are dropped with a log line, and later changes are published", async () => {
    const bus = await openBus();
    await bus.put(`e/${"/".repeat(300)}`, "1");
    await bus.put("e/a", "1");
    expect(bus.sent()).toEqual(["t/e/a=1"]);
    expect(bus.log.join("\n")).toContain("cannot publish changes of this key");
  });

  test("are sent with at most 16 messages unacknowledged, and no write waits for the broker", async () => {
    const bus = await openBus((broker) => void (broker.acknowledges = false));
    for (let at = 0; at < 100; at++) await bus.put(`e/${at}`, "1");
    expect(bus.broker.sent).toHaveLength(16);
    expect(bus.store.state.index).toBe(100);
  });
});

describe("the bus's saved position in the sequence of changes", () => {
  test("is written five seconds after a change was published, and not while nothing is published", async () => {
    const bus = await openBus();
    expect(keptPosition(bus)).toBe("0");
    await bus.put("e/a", "1");
    await bus.put("e/b", "1");
    const batches = bus.engine.batches.length;
    await bus.clock.advance(5_000);
    expect([keptPosition(bus), bus.engine.batches.length]).toEqual(["2", batches + 1]);
    await bus.put("f/a", "1");
    await bus.clock.advance(3_600_000);
    expect([keptPosition(bus), bus.engine.batches.length]).toEqual(["2", batches + 2]);
    expect(bus.store.state.index).toBe(3);
  });

  test("is where a restarted bus continues, after a stop and after a crash", async () => {
    const bus = await openBus();
    await bus.put("e/a", "1");
    await bus.stop();
    await bus.put("e/b", "2");
    const next = await openBus(undefined, bus);
    expect(next.sent()).toEqual(["t/e/b=2"]);
    await next.put("e/c", "3");
    const afterKill = await openBus(undefined, next);
    expect(afterKill.sent()).toEqual(["t/e/b=2", "t/e/c=3"]);
  });

  test("is written once a failing disk accepts writes again, even if nothing more is published", async () => {
    const bus = await openBus();
    await bus.put("e/a", "1");
    bus.engine.fail();
    await bus.clock.advance(12_000);
    bus.engine.recover();
    await bus.clock.advance(5_000);
    expect([keptPosition(bus), bus.log.filter((line) => line.includes("cannot save")).length]).toEqual(["1", 1]);
  });

  test("is not written while the disk refuses writes: the bus logs the failure and still publishes changes", async () => {
    const bus = await openBus();
    await bus.put("e/a", "1");
    bus.engine.fail();
    await bus.clock.advance(5_000);
    expect(bus.log.join("\n")).toContain("cannot save the position of published changes");
    bus.engine.recover();
    await bus.put("e/b", "2");
    expect(bus.sent()).toEqual(["t/e/a=1", "t/e/b=2"]);
  });
});

describe("a broker", () => {
  test("that refuses connections is tried again with pauses of up to half a minute, and the refusal is logged once", async () => {
    const bus = await openBus((broker) => void (broker.answer = new Error("no such user")));
    await bus.clock.advance(121_000);
    expect(bus.broker.attempts).toEqual([0, 1, 3, 7, 15, 31, 61, 91, 121].map((seconds) => seconds * 1_000));
    expect(bus.log).toEqual(['[WARN]  bus: not connected to the message bus; trying again: reason="no such user"']);
    bus.broker.answer = new Error("no such host");
    await bus.clock.advance(30_000);
    expect(bus.log).toHaveLength(2);
  });

  test("that never answers the connection request is disconnected after ten seconds", async () => {
    const bus = await openBus((broker) => void (broker.answer = "silence"));
    await bus.clock.advance(11_000);
    expect(bus.broker.attempts).toEqual([0, 11_000]);
    expect(bus.log.join("\n")).toContain("does not answer within 10 s");
  });

  test("that closes each connection after an hour is connected to again within a second, each time", async () => {
    const bus = await openBus();
    for (let hour = 0; hour < 5; hour++) {
      await bus.clock.advance(3_600_000);
      bus.broker.drop("idle");
      await settleAll();
      await bus.clock.advance(1_000);
      await settleAll();
      expect(bus.broker.isConnected).toBe(true);
    }
  });

  test("that acknowledges nothing is disconnected after ten seconds, and its changes are published again", async () => {
    const bus = await openBus((broker) => void (broker.acknowledges = false));
    await bus.put("e/a", "1");
    await bus.clock.advance(9_999);
    expect(bus.broker.isConnected).toBe(true);
    await bus.clock.advance(1_001);
    await settleAll();
    expect(bus.sent()).toEqual(["t/e/a=1", "t/e/a=1"]);
    expect(bus.log.join("\n")).toContain("the broker has acknowledged nothing for 10 s");
  });

  test("that disconnects ten times in a row at the same message gets the later messages without that message", async () => {
    const bus = await openBus((broker) => void (broker.acknowledges = false));
    await bus.put("e/a", "1");
    await bus.put("e/b", "2");
    for (let attempt = 0; attempt < 10; attempt++) {
      bus.broker.drop("too large");
      await settleAll();
      bus.broker.acknowledges = attempt === 9;
      await bus.clock.advance(30_000);
      await settleAll();
    }
    expect(bus.sent()).toEqual(["t/e/a=1", "t/e/b=2", ...Array<string>(9).fill("t/e/a=1"), "t/e/b=2"]);
    expect(bus.log.at(-3)).toContain(
      "left out a change: the broker closes the connection whenever it is published: key=e/a bytes=1",
    );
  });
});

describe("stopping the bus", () => {
  test("waits up to a second for the broker's acknowledgements, and saves the position", async () => {
    const bus = await openBus((broker) => void (broker.acknowledges = false));
    await bus.put("e/a", "1");
    const stopped = bus.stop();
    await settleAll();
    bus.broker.sent[0]?.acknowledge();
    await stopped;
    expect([keptPosition(bus), bus.broker.isConnected]).toEqual(["1", false]);
    const other = await openBus((broker) => void (broker.acknowledges = false));
    await other.put("e/a", "1");
    const slow = other.stop();
    await settleAll();
    await other.clock.advance(1_000);
    await slow;
    expect([keptPosition(other), other.broker.isConnected, other.clock.timerCount]).toEqual(["0", false, 0]);
  });

  test("ends a pause before the next connection attempt, and an attempt that the broker does not answer", async () => {
    for (const answer of [new Error("away"), "silence"] as const) {
      const bus = await openBus((broker) => void (broker.answer = answer));
      await bus.stop();
      expect(bus.clock.timerCount).toBe(0);
    }
  });
});

test("the MQTT topic of a changed key is the prefix, a slash and the key", () => {
  expect(topicOf("edgex/configs", "edgex/v4/core-data/Writable/LogLevel")).toBe(
    "edgex/configs/edgex/v4/core-data/Writable/LogLevel",
  );
  expect(topicOf("edgex/configs", "edgex//a b/ü/50%/")).toBe("edgex/configs/edgex//a b/ü/50%/");
});

test.each([
  ["a+b/#", "p/a%2Bb/%23"],
  ["a\0\u001f\u007f", "p/a%00%1F%7F"],
  ["a\uffff", "p/a%EF%BF%BF"],
  ["a\ud800", "p/a\ufffd"],
])("characters that an MQTT topic cannot have are percent-encoded in the topic of key %j", (key, topic) => {
  expect(topicOf("p", key)).toBe(topic);
});

test("topicOf returns undefined for a key whose MQTT topic would be too long or have too many levels", () => {
  expect(topicOf("p", "x".repeat(65_533))).toHaveLength(65_535);
  expect(topicOf("p", "x".repeat(65_534))).toBeUndefined();
  expect(topicOf("p", "ü".repeat(32_768))).toBeUndefined();
  expect(topicOf("p", "/".repeat(198))).toBeDefined();
  expect(topicOf("p", "/".repeat(199))).toBeUndefined();
});
