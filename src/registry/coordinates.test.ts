import { describe, expect, test } from "bun:test";
import { nodeAt } from "../../test/support/coordinates.ts";
import { keySet, nodeNamed } from "../../test/support/state.ts";
import { openTestStore, type TestStore } from "../../test/support/store.ts";
import { createLog } from "../lib/log.ts";
import type { NodeCoordinate } from "../model/coordinate.ts";
import { topics } from "../state/topics.ts";
import { Coordinates } from "./coordinates.ts";

const periodMs = 5_000;

interface TestCoordinates extends TestStore {
  readonly coordinates: Coordinates;
  readonly lines: string[];
  readonly register: (...nodes: readonly string[]) => Promise<unknown>;
  /** Sends these updates and advances the clock until they are applied. */
  readonly send: (...updates: readonly NodeCoordinate[]) => Promise<void>;
  /** Returns the first component of each coordinate's vector, in seconds, by "node" or "node/segment". */
  readonly placed: () => Readonly<Record<string, number | undefined>>;
  readonly index: () => number;
}

/** Opens the coordinates of an agent on the node "own", with an empty catalog. */
function openCoordinates(): TestCoordinates {
  const opened = openTestStore();
  const { clock, store } = opened;
  const lines: string[] = [];
  const log = createLog({ level: "warn", json: false, clock, sink: (line) => void lines.push(line) }, "coordinate");
  const coordinates = new Coordinates(store, { own: "own", areWanted: true, clock, log });
  return {
    ...{ ...opened, coordinates, lines },
    register: (...nodes) =>
      Promise.all(
        nodes.map((name) =>
          store.submit({ type: "register", node: nodeNamed(name), skipNodeUpdate: false, checks: [] }),
        ),
      ),
    async send(...updates) {
      for (const update of updates) coordinates.update(update);
      await clock.advance(periodMs);
    },
    placed: () =>
      Object.fromEntries(
        coordinates
          .list()
          .map(({ node, segment, coordinate }) => [segment ? `${node}/${segment}` : node, coordinate.vector[0]]),
      ),
    index: () => store.indexOf([topics.coordinates]),
  };
}

test("a coordinate update that arrives while the agent stops sets no timer", async () => {
  const { register, coordinates, clock } = openCoordinates();
  await register("a");
  coordinates.stop();
  coordinates.update(nodeAt("a", 1));
  expect(clock.timerCount).toBe(0);
});

describe("a coordinate update", () => {
  test("is applied at the end of the period, unless a later update of the node and segment replaces it", async () => {
    const { register, coordinates, clock, placed } = openCoordinates();
    await register("a", "b");
    for (const update of [nodeAt("a", 1), nodeAt("b", 2), nodeAt("A", 3), nodeAt("a", 4, "x")])
      coordinates.update(update);
    await clock.advance(periodMs - 1);
    expect(placed()).toEqual({ own: 0 });
    await clock.advance(1);
    expect(placed()).toEqual({ A: 3, "a/x": 4, b: 2, own: 0 });
    expect(coordinates.ofNode("a")).toHaveLength(2);
  });

  test("is applied if its node is in the catalog at the end of the period, and otherwise raises no index", async () => {
    const { register, coordinates, clock, send, placed, index } = openCoordinates();
    const before = index();
    await send(nodeAt("unregistered", 1));
    expect(index()).toBe(before);
    coordinates.update(nodeAt("late", 2));
    await register("late");
    await clock.advance(periodMs);
    expect(placed()).toEqual({ late: 2, own: 0 });
  });

  test("is not written to the disk", async () => {
    const { register, send, engine, placed } = openCoordinates();
    await register("a");
    const batches = engine.batches.length;
    await send(nodeAt("a", 1));
    expect([placed(), engine.batches.length]).toEqual([{ a: 1, own: 0 }, batches]);
  });

  test("beyond the limit of updates per period is discarded, and the log has one warning about it", async () => {
    const { register, send, lines, coordinates } = openCoordinates();
    const names = Array.from({ length: 642 }, (_, at) => `n${at}`);
    await register(...names);
    await send(...names.map((name) => nodeAt(name, 1)), nodeAt("n0", 2));
    expect(coordinates.list()).toHaveLength(640 + 1);
    expect(coordinates.ofNode("n0")[0]?.coordinate.vector[0]).toBe(2);
    expect(lines.map((line) => line.slice(line.indexOf("[")))).toEqual([
      "[WARN]  coordinate: Discarded coordinate updates: number_discarded=2",
    ]);
    await send(nodeAt("n641", 1));
    expect([coordinates.list().length, lines.length]).toEqual([642, 1]);
  });

  test("leaves no timer once it is applied or the agent has stopped", async () => {
    const { send, clock, coordinates } = openCoordinates();
    await send(nodeAt("a", 1));
    expect(clock.timerCount).toBe(0);
    coordinates.update(nodeAt("a", 1));
    coordinates.stop();
    expect(clock.timerCount).toBe(0);
  });
});

describe("a node", () => {
  test("loses its coordinates in all segments when it is deregistered under its name in any letter case", async () => {
    const { register, send, store, placed } = openCoordinates();
    await register("a", "b", "ab");
    await send(nodeAt("a", 1), nodeAt("a", 2, "x"), nodeAt("b", 3), nodeAt("ab", 4));
    await store.submit({ type: "deregister", node: "A" });
    expect(placed()).toEqual({ ab: 4, b: 3, own: 0 });
  });

  test("keeps its coordinates when only a service on it is deregistered", async () => {
    const { register, send, store, placed, index } = openCoordinates();
    await register("a");
    await send(nodeAt("a", 1));
    const before = index();
    await store.submit({ type: "deregister", node: "a", serviceId: "web" });
    await register("a");
    expect([placed(), index()]).toEqual([{ a: 1, own: 0 }, before]);
  });

  test("loses its coordinates when a restored snapshot does not have the node", async () => {
    const { register, send, store, placed, index } = openCoordinates();
    await register("a");
    const snapshot = store.state;
    await register("b", "own");
    await send(nodeAt("a", 1), nodeAt("b", 2), nodeAt("own", 3));
    const before = index();
    await store.submit({ type: "restore", snapshot });
    expect(placed()).toEqual({ a: 1, own: 3 });
    expect(index()).toBeGreaterThan(before);
  });

  test("keeps its coordinates after its deregistration if it is this agent's own node", async () => {
    const { register, store, placed } = openCoordinates();
    await register("own");
    await store.submit({ type: "deregister", node: "own" });
    expect(placed()).toEqual({ own: 0 });
  });
});

test("the index of coordinates rises with each batch of updates and removal, to at least the newest write's index", async () => {
  const { register, send, store, index } = openCoordinates();
  let before = index();
  const expectRise = (): void => {
    expect(index()).toBeGreaterThan(before);
    expect(index()).toBeGreaterThanOrEqual(store.state.index);
    before = index();
  };
  await register("a", "b");
  for (const step of [
    () => send(nodeAt("a", 1)),
    () => send(nodeAt("a", 2)),
    () => send(nodeAt("b", 2)),
    () => store.submit({ type: "deregister", node: "a" }),
  ]) {
    await step();
    expectRise();
  }
  await store.submit(keySet("k", "1"));
  expect(index()).toBe(before);
});
