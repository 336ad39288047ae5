import { expect, test } from "bun:test";
import type { Connection } from "./connection.ts";
import { HeldRequest, type Indexes } from "./held-request.ts";
import type { Ask, Outcome } from "./request.ts";

const watched = {
  api: "http://agent/",
  token: "",
  topics: ["health", "services"],
  fallback: "v1/internal/ui/services",
};

/** A held request whose answers and clock the test gives. */
class World {
  readonly connections: Connection[] = [];
  readonly indexes: Indexes[] = [];
  restarts = 0;
  asked: Ask[] = [];
  nowMs = 1_000;
  timers: { readonly atMs: number; readonly action: () => void }[] = [];
  #answer: ((outcome: Outcome) => void) | undefined;
  readonly held = new HeldRequest(
    {
      ask: (asked) => {
        this.asked.push(asked);
        return new Promise((resolve) => (this.#answer = resolve));
      },
      nowMs: () => this.nowMs,
      chance: () => 0,
      after: (ms, action) => {
        const timer = { atMs: this.nowMs + ms, action };
        this.timers.push(timer);
        return () => void (this.timers = this.timers.filter((each) => each !== timer));
      },
    },
    {
      onConnection: (connection) => this.connections.push(connection),
      onIndexes: (indexes) => this.indexes.push(indexes),
      onRestart: () => void (this.restarts += 1),
    },
  );

  get path(): string {
    return this.asked.at(-1)?.path ?? "";
  }

  get kinds(): readonly string[] {
    return this.connections.map(({ kind }) => kind);
  }

  async answer(outcome: Outcome): Promise<void> {
    this.#answer?.(outcome);
    for (let turn = 0; turn < 5; turn++) await Promise.resolve();
  }

  changes(index: number, topics: Indexes, startedAt = "2026-01-01T00:00:00.000Z"): Promise<void> {
    return this.answer({ answer: { value: { StartedAt: startedAt, Index: index, Topics: topics }, index } });
  }

  fail(kind: "offline" | "gone" | "denied", text = kind as string): Promise<void> {
    return this.answer({ failure: { kind, text } });
  }

  /** Moves the clock to the next timer, and runs it. */
  async pass(): Promise<number> {
    const [next] = this.timers.toSorted((a, b) => a.atMs - b.atMs);
    if (!next) throw new Error("no timer runs");
    const passedMs = next.atMs - this.nowMs;
    this.nowMs = next.atMs;
    this.timers = this.timers.filter((each) => each !== next);
    next.action();
    for (let turn = 0; turn < 5; turn++) await Promise.resolve();
    return passedMs;
  }
}

test("the request names its topics, and is held from the index of the last answer", async () => {
  const world = new World();
  world.held.watch(watched);
  expect(world.path).toBe("v1/praetor/changes?topics=health,services");
  await world.changes(17, { health: 12, services: 17 });
  expect(world.path).toBe("v1/praetor/changes?topics=health,services&index=17&wait=55s");
  expect(world.indexes).toEqual([{ health: 12, services: 17 }]);
  expect(world.kinds).toEqual(["held"]);
});

test("an agent without changes gets a blocking query for the data in front", async () => {
  const world = new World();
  world.held.watch(watched);
  await world.fail("gone");
  expect(world.path).toBe("v1/internal/ui/services");
  await world.answer({ answer: { value: [], index: 40 } });
  expect(world.path).toBe("v1/internal/ui/services?index=40&wait=55s");
  expect(world.indexes).toEqual([{ health: 40, services: 40 }]);
  await world.answer({ answer: { value: [], index: 40 } });
  expect(world.indexes).toHaveLength(1);
});

test("another fallback leaves the request of an agent with changes as it is, and begins that of an agent without anew", async () => {
  const world = new World();
  const other = { ...watched, fallback: "v1/catalog/nodes" };
  world.held.watch(watched);
  world.held.watch(other);
  expect(world.asked).toHaveLength(1);
  await world.fail("gone");
  expect(world.path).toBe("v1/catalog/nodes");
  world.held.watch(watched);
  expect(world.path).toBe("v1/internal/ui/services");
});

test("a lower index means that the agent restarted: the request begins at 0", async () => {
  const world = new World();
  world.held.watch(watched);
  await world.changes(17, { health: 17 });
  await world.changes(3, { health: 3 });
  expect(world.restarts).toBe(1);
  expect(world.path).toBe("v1/praetor/changes?topics=health,services");
});

test("another start of the agent is a restart, also when its indexes are those of before", async () => {
  const world = new World();
  world.held.watch(watched);
  await world.changes(17, { health: 17 });
  await world.fail("offline");
  await world.pass();
  await world.changes(17, { health: 17 }, "2026-01-01T00:05:00.000Z");
  expect(world.restarts).toBe(1);
  await world.changes(18, { health: 18 }, "2026-01-01T00:05:00.000Z");
  expect(world.restarts).toBe(1);
});

test("failures are repeated after pauses that double up to 30 s, and an answer ends them", async () => {
  const world = new World();
  world.held.watch(watched);
  const pauses: number[] = [];
  for (let each = 0; each < 8; each++) {
    await world.fail("offline");
    pauses.push(await world.pass());
  }
  expect(pauses).toEqual([500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
  expect(world.connections.at(-1)).toMatchObject({ kind: "lost", sinceMs: 1_000 });
  expect(world.path).not.toContain("index=");
  await world.changes(17, {});
  expect(world.kinds.at(-1)).toBe("held");
  await world.fail("offline");
  expect(await world.pass()).toBe(500);
});

test("after a failure the first request is not held, so that its answer tells at once that the connection is back", async () => {
  const world = new World();
  world.held.watch(watched);
  await world.changes(17, {});
  await world.fail("offline");
  await world.pass();
  expect(world.path).toBe("v1/praetor/changes?topics=health,services");
  await world.changes(17, {});
  expect([world.path, world.kinds]).toEqual([
    "v1/praetor/changes?topics=health,services&index=17&wait=55s",
    ["held", "lost", "held"],
  ]);
});

test("a connection that stays silent longer than a wait is given up", async () => {
  const world = new World();
  world.held.watch(watched);
  await world.changes(17, {});
  const { signal } = world.asked.at(-1) ?? {};
  expect(await world.pass()).toBeGreaterThan(55_000 * (17 / 16));
  expect(signal?.aborted).toBe(true);
});

test("a denied request is not repeated until it is asked for anew", async () => {
  const world = new World();
  world.held.watch(watched);
  await world.fail("denied", "Permission denied");
  expect(world.connections).toEqual([{ kind: "denied", text: "Permission denied" }]);
  expect(world.timers).toEqual([]);
  world.held.again();
  expect(world.asked).toHaveLength(2);
});

test("other topics are asked for without index, and the answer has the index of each", async () => {
  const world = new World();
  world.held.watch(watched);
  await world.changes(17, {});
  const { signal } = world.asked.at(-1) ?? {};
  world.held.watch({ ...watched, topics: ["ports"] });
  expect(signal?.aborted).toBe(true);
  expect(world.path).toBe("v1/praetor/changes?topics=ports");
  world.held.watch({ ...watched, topics: ["ports"] });
  expect(world.asked).toHaveLength(3);
});

test("a topic's name may have commas and percent signs", async () => {
  const world = new World();
  world.held.watch({ ...watched, topics: ["kv:a,b%/"] });
  expect(world.path).toBe("v1/praetor/changes?topics=kv%3Aa%252Cb%2525%2F");
  await world.changes(5, { "kv:a%2Cb%25/": 5 });
  expect(world.indexes).toEqual([{ "kv:a,b%/": 5 }]);
});

test("a released request is aborted, and nothing is asked for", async () => {
  const world = new World();
  world.held.watch(watched);
  await world.changes(17, {});
  world.held.release();
  expect(world.asked.at(-1)?.signal?.aborted).toBe(true);
  expect(world.kinds).toEqual(["held", "released"]);
  await world.fail("offline");
  expect([world.asked.length, world.timers]).toEqual([2, []]);
});
