import { expect, test } from "bun:test";
import { type FromHub, Hub } from "./hub.ts";
import type { Ask, Outcome } from "./request.ts";

interface Pending {
  readonly asked: Ask;
  readonly answer: (outcome: Outcome) => void;
}

function openWorld(): {
  readonly hub: Hub;
  readonly held: () => readonly Pending[];
  readonly pass: (ms: number) => void;
} {
  let nowMs = 0;
  let timers: { readonly atMs: number; readonly action: () => void }[] = [];
  const pending: Pending[] = [];
  const hub = new Hub({
    ask: (asked) =>
      new Promise((answer) => {
        pending.push({ asked, answer });
        asked.signal?.addEventListener("abort", () => answer({ failure: { kind: "offline", text: "aborted" } }));
      }),
    nowMs: () => nowMs,
    chance: () => 0,
    after: (ms, action) => {
      const timer = { atMs: nowMs + ms, action };
      timers.push(timer);
      return () => void (timers = timers.filter((each) => each !== timer));
    },
  });
  const pass = (ms: number): void => {
    const endMs = nowMs + ms;
    for (;;) {
      const [next] = timers.filter(({ atMs }) => atMs <= endMs).toSorted((a, b) => a.atMs - b.atMs);
      if (!next) break;
      nowMs = next.atMs;
      timers = timers.filter((each) => each !== next);
      next.action();
    }
    nowMs = endMs;
  };
  return { hub, held: () => pending.filter(({ asked }) => !asked.signal?.aborted), pass };
}

const watched = (topics: readonly string[], token = ""): Parameters<ReturnType<Hub["add"]>>[0] => ({
  kind: "watch",
  watched: { api: "http://agent/", token, topics, fallback: "v1/catalog/services" },
});

test("all tabs share one request with the topics of all", () => {
  const { hub, held } = openWorld();
  const tabs = [hub.add(() => {}), hub.add(() => {})];
  tabs[0]?.(watched(["services"]));
  tabs[1]?.(watched(["ports", "services"]));
  expect(held().map(({ asked }) => asked.path)).toEqual(["v1/praetor/changes?topics=ports,services"]);
});

test("tabs with different tokens have a request each, and hear only their own", async () => {
  const { hub, held } = openWorld();
  const heard: FromHub[][] = [[], []];
  for (const [at, token] of ["a", "b"].entries())
    hub.add((message) => heard[at]?.push(message))(watched(["services"], token));
  expect(held().map(({ asked }) => asked.token)).toEqual(["a", "b"]);
  held()[0]?.answer({ answer: { value: { Topics: { services: 9 } }, index: 9 } });
  await new Promise((resolve) => setImmediate(resolve));
  expect(heard[0]).toContainEqual({ kind: "indexes", indexes: { services: 9 } });
  expect(heard[1]).toEqual([]);
});

test("the request ends with the last tab that watches", () => {
  const { hub, held } = openWorld();
  const tabs = [hub.add(() => {}), hub.add(() => {})];
  for (const tab of tabs) tab(watched(["services"]));
  tabs[0]?.({ kind: "release" });
  expect(held()).toHaveLength(1);
  tabs[1]?.({ kind: "release" });
  expect(held()).toHaveLength(0);
});

test("a tab that has said nothing for long is closed, and one that is here is not", async () => {
  const { hub, held, pass } = openWorld();
  const tab = hub.add(() => {});
  tab(watched(["services"]));
  // A request without an answer is given up, and sent again after a pause.
  const passSlowly = async (ms: number): Promise<void> => {
    for (let passed = 0; passed < ms; passed += 500) {
      pass(500);
      for (let turn = 0; turn < 5; turn++) await Promise.resolve();
    }
  };
  for (let each = 0; each < 5; each++) {
    await passSlowly(20_000);
    tab({ kind: "here" });
  }
  expect(held()).toHaveLength(1);
  await passSlowly(100_000);
  expect(held()).toHaveLength(0);
});
