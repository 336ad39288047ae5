import { expect, test } from "bun:test";
import fc from "fast-check";
import { defaultHistoryPolicy } from "../../test/support/history.ts";
import { anyCommand, savedAndRead, shortHistory } from "../../test/support/random-commands.ts";
import { StateDriver, keyLock, keySet, nodeNamed, sessionNamed } from "../../test/support/state.ts";
import type { KvEntry } from "../model/kv-entry.ts";
import { type HistoryPolicy, historyPolicy, unknownCause } from "../model/kv-history.ts";
import type { Command } from "./command.ts";
import { KeptRate } from "./kept-rate.ts";
import { getKv, listKv } from "./kv.ts";
import { changesOf, changesSince, entriesAt, isLock, oldestPast } from "./kv-history.ts";
import { openState } from "./open-state.ts";
import { emptyState, type State } from "./state.ts";

const everything = { key: "", recurse: true };

/** Returns keys with their values at an index, or the oldest index that is known. */
function valuesAt(state: State, index: number, keys = everything): Readonly<Record<string, string>> | number {
  const past = entriesAt(state, keys, index, (key) => !key.startsWith("vault/"));
  return "oldest" in past ? past.oldest : valuesOf(past.entries);
}

function valuesOf(entries: readonly KvEntry[]): Readonly<Record<string, string>> {
  return Object.fromEntries(entries.map(({ key, value }) => [key, new TextDecoder().decode(value)]));
}

/** Runs commands a minute apart, and returns the driver. */
function driven(...commands: readonly Command[]): StateDriver {
  const driver = new StateDriver(defaultHistoryPolicy);
  for (const [at, command] of commands.entries()) driver.run(command, at * 60_000);
  return driver;
}

test("a key that is written once keeps nothing but its entry", () => {
  const driver = driven(keySet("a", "1"));
  expect(driver.state.kvChanges.size).toBe(0);
  driver.run(keySet("b", "1"), 60_000);
  expect([...driver.rows.keys()]).toEqual(["kv-history-floor/floor", "kv/a", "kv/b"]);
});

test("a change keeps the entry that it replaces, its time and its cause", () => {
  const driver = driven(keySet("a", "1", { flags: 7n }));
  const cause = { ...unknownCause, tokenName: "ops", address: "10.0.0.7", client: "curl/8.5.0", reason: "too hot" };
  driver.run({ type: "kv-set", key: "a", value: Buffer.from("2"), flags: 0n, cause }, 60_000);
  expect(changesOf(driver.state, "a")).toMatchObject([
    { key: "a", index: 2, number: 1, atMs: 60_000, cause, previous: { createIndex: 1, modifyIndex: 1, flags: 7n } },
  ]);
});

test("each index has the values of its time, also those of deleted and created keys", () => {
  const { state } = driven(
    keySet("a", "1"),
    keySet("b", "1"),
    keySet("a", "2"),
    { type: "kv-delete-tree", prefix: "" },
    keySet("a", "3"),
  );
  const past = [0, 1, 2, 3, 4, 5].map((index) => valuesAt(state, index));
  expect(past).toEqual([{}, { a: "1" }, { a: "1", b: "1" }, { a: "2", b: "1" }, {}, { a: "3" }]);
});

test("a key with NULs has a past of its own", () => {
  const { state } = driven(keySet("a", "1"), keySet("a\0\0x", "1"), keySet("a\0\0x", "2"), keySet("a", "2"));
  expect(changesOf(state, "a").map(({ index }) => index)).toEqual([4]);
  expect(valuesAt(state, 3, { key: "a\0\0x", recurse: false })).toEqual({ "a\0\0x": "2" });
});

test("of a burst of one writer the first change is kept, and the past within it is unknown", () => {
  const driver = driven(keySet("a", "1"), keySet("a", "2"));
  driver.run(keySet("a", "3"), 60_500);
  driver.run(keySet("a", "4"), 60_999);
  driver.run(keySet("a", "5"), 61_000);
  expect(changesOf(driver.state, "a").map(({ index }) => index)).toEqual([2, 5]);
  expect([1, 2, 3, 4, 5].map((index) => valuesAt(driver.state, index))).toEqual([
    { a: "1" },
    4,
    4,
    { a: "4" },
    { a: "5" },
  ]);
});

test("a transaction can be a step of a burst, and a rollback cannot", () => {
  const written = { kind: "kv", verb: "set", key: "a", flags: 0n, index: 0, session: "" } as const;
  const set = (value: string): Command => ({ type: "txn", operations: [{ ...written, value: Buffer.from(value) }] });
  const driver = driven(keySet("a", "1"), keySet("a", "2"));
  driver.run(set("3"), 60_500);
  driver.run(set("4"), 62_000);
  driver.run({ type: "kv-rollback", key: "a", recurse: false, to: 1 }, 62_500);
  expect(changesOf(driver.state, "a").map(({ index }) => index)).toEqual([2, 4, 5]);
});

test("while a storm of changes is kept, one writer's burst is a minute long, and each key's first change is kept", () => {
  const driver = new StateDriver(defaultHistoryPolicy, new KeptRate());
  const keys = Array.from({ length: 300 }, (_none, at) => `k${at}`);
  const write = (value: string, nowMs: number): void => {
    for (const key of keys) driver.run(keySet(key, value), nowMs);
  };
  for (const [round, nowMs] of [0, 60_000, 62_000, 64_000].entries()) write(`${round}`, nowMs);
  const kept = keys.map((key) => changesOf(driver.state, key).length);
  expect(kept).toEqual(keys.map((_key, at) => (at < 200 ? 3 : 1)));
  // The last of the keys is known before the storm, and at its end.
  expect(valuesAt(driver.state, 300, { key: "k299", recurse: false })).toEqual({ k299: "0" });
  expect(valuesAt(driver.state, 1_200, { key: "k299", recurse: false })).toEqual({ k299: "3" });
  driver.run({ ...keySet("k299", "4"), cause: { ...unknownCause, reason: "by hand" } } as Command, 64_000);
  expect(changesOf(driver.state, "k299")).toHaveLength(2);
});

test("the end of a burst that deletes the key is kept", () => {
  const driver = driven(keySet("a", "1"), keySet("a", "2"));
  driver.run({ type: "kv-delete", key: "a" }, 60_100);
  expect(valuesAt(driver.state, 2)).toEqual({ a: "2" });
  expect(valuesAt(driver.state, 3)).toEqual({});
});

test("two causes within a second are two changes", () => {
  const driver = driven(keySet("a", "1"), keySet("a", "2"));
  driver.run({ ...keySet("a", "3"), cause: { ...unknownCause, reason: "other" } } as Command, 60_100);
  expect(valuesAt(driver.state, 2)).toEqual({ a: "2" });
});

test("secrets and locks have no past", () => {
  const session = "6f3f8f6c-6f0e-4a66-9e1c-0d4f0c6a8f11";
  const { state } = driven(
    { type: "register", node: nodeNamed("n1"), skipNodeUpdate: false, checks: [] },
    { type: "session-create", session: sessionNamed(session) },
    keySet("vault/x", "1"),
    keySet("vault/x", "2"),
    keySet("plain", "1"),
    keyLock("lock", session),
    keyLock("plain", session),
    { type: "session-destroy", id: session },
    keySet("plain", "2"),
  );
  expect([...state.kvChanges.values()]).toHaveLength(2);
  expect([6, 7, 8, 9].map((index) => valuesAt(state, index))).toEqual([{ plain: "1" }, {}, {}, { plain: "2" }]);
});

test("the newest changes of each key are kept, and the past before them is unknown", () => {
  const driver = new StateDriver(historyPolicy([{ prefix: "", changesMax: 3, ageMsMax: 1e9 }], 1e6));
  for (let at = 1; at <= 10; at++) driver.run(keySet("a", `${at}`), at * 2_000);
  expect(changesOf(driver.state, "a").map(({ index }) => index)).toEqual([8, 9, 10]);
  expect([1, 6, 7, 10].map((index) => valuesAt(driver.state, index))).toEqual([7, 7, { a: "7" }, { a: "10" }]);
});

test("changes that are too old go when others are kept", () => {
  const driver = new StateDriver(historyPolicy([{ prefix: "", changesMax: 20, ageMsMax: 10_000 }], 1e6));
  for (const [value, atMs] of [
    ["1", 0],
    ["2", 2_000],
    ["3", 12_001],
  ] as const)
    driver.run(keySet("a", value), atMs);
  driver.run(keySet("b", "1"), 12_001);
  expect(changesOf(driver.state, "a").map(({ index }) => index)).toEqual([3]);
  expect(valuesAt(driver.state, 1)).toBe(2);
});

test("above the maximum size the oldest changes go, whatever the rate", () => {
  const policy = historyPolicy([{ prefix: "", changesMax: 20, ageMsMax: 1e9 }], 4_000);
  const driver = new StateDriver(policy);
  for (let at = 0; at < 500; at++) {
    driver.run(keySet(`k${at % 50}`, `${at}`), at * 2_000);
    expect(driver.state.kvHistoryBytes).toBeLessThanOrEqual(policy.bytesMax);
  }
  expect(driver.state.kvChanges.size).toBeGreaterThan(20);
  expect(oldestPast(driver.state)).toBeGreaterThan(400);
});

test("another rule for what is left out begins the past anew", () => {
  const driver = driven(keySet("a", "1"), keySet("a", "2"));
  const other = new StateDriver(historyPolicy([{ prefix: "", changesMax: 20, ageMsMax: 1e9 }], 1e6));
  other.state = driver.state;
  other.run(keySet("a", "3"), 120_000);
  expect([1, 2, 3].map((index) => valuesAt(other.state, index))).toEqual([2, { a: "2" }, { a: "3" }]);
});

test("changes are listed in the order in which they were made, also those of one index", () => {
  const { state } = driven(keySet("b", "1"), keySet("a", "1"), keySet("b", "2"), {
    type: "kv-delete-tree",
    prefix: "",
  });
  expect([...changesSince(state, "", 3)].map(({ index, key }) => [index, key])).toEqual([
    [3, "b"],
    [4, "a"],
    [4, "b"],
  ]);
  expect([...changesSince(state, "b", 4)].map(({ key }) => key)).toEqual(["b"]);
});

test("a rollback gives all keys their past values at once, and can be rolled back", () => {
  const driver = driven(keySet("t/a", "1"), keySet("t/b", "1"), keySet("t/a", "2"), { type: "kv-delete", key: "t/b" });
  driver.run(keySet("t/c", "1"), 300_000);
  const back = driver.run({ type: "kv-rollback", key: "t/", recurse: true, to: 2, seen: 5 }, 360_000);
  expect(back.outcome).toEqual({ type: "done" });
  expect(valuesOf(listKv(driver.state, ""))).toEqual({ "t/a": "1", "t/b": "1" });
  expect(driver.state.index).toBe(6);
  driver.run({ type: "kv-rollback", key: "t/", recurse: true, to: 5 }, 420_000);
  expect(valuesOf(listKv(driver.state, ""))).toEqual({ "t/a": "2", "t/c": "1" });
});

test("a rollback changes nothing if a key changed since the caller looked, or if the past is not kept", () => {
  const driver = driven(keySet("a", "1"), keySet("a", "2"), keySet("a", "3"));
  const { state } = driver;
  const rollback = { type: "kv-rollback", key: "a", recurse: false } as const;
  expect(driver.run({ ...rollback, to: 1, seen: 2 }).outcome).toEqual({ type: "unchanged" });
  const young = new StateDriver(historyPolicy([{ prefix: "", changesMax: 1, ageMsMax: 1e9 }], 1e6));
  for (const [at, value] of ["1", "2", "3"].entries()) young.run(keySet("a", value), at * 2_000);
  const reason = { code: "past-not-kept", index: 1, oldest: 2 } as const;
  expect(young.run({ ...rollback, to: 1 }).outcome).toEqual({ type: "rejected", reason });
  expect(driver.state).toBe(state);
});

/*
 * The model: the plain keys of every state so far. It is compared with what the last state tells of each of them.
 */

const keyCommand = anyCommand.filter(({ type }) => /^(?:kv-|txn|session-|register)/.test(type));
const steps = fc.array(
  fc.record({
    command: keyCommand,
    laterMs: fc.constantFrom(0, 500, 5_000),
    restores: fc.nat(30),
    reopens: fc.nat(20),
  }),
  { maxLength: 60, size: "max" },
);

const isKeptHere = (policy: HistoryPolicy) => (key: string) =>
  (policy.rules.find(({ prefix }) => key.startsWith(prefix))?.changesMax ?? 0) > 0;

function plainEntries(state: State, policy: HistoryPolicy): readonly KvEntry[] {
  return listKv(state, "").filter((entry) => isKeptHere(policy)(entry.key) && !isLock(entry));
}

test.each([
  ["that drops soon", shortHistory],
  ["that keeps all", historyPolicy([{ prefix: "", changesMax: 1_000, ageMsMax: 1e12 }], 1e9)],
])("reading at an index gives the state then, for every kept index, with a policy %s", (name, policy) => {
  let [told, asked] = [0, 0];
  fc.assert(
    fc.property(steps, (sequence) => {
      const driver = new StateDriver(policy);
      let past = new Map<number, readonly KvEntry[]>([[0, []]]);
      const snapshots: [State, typeof past][] = [[emptyState, new Map()]];
      let nowMs = 0;
      for (const { command, laterMs, restores, reopens } of sequence) {
        nowMs += laterMs;
        driver.run(command, nowMs);
        const [snapshot, itsPast] = (restores === 0 && snapshots.at(-4)) || [undefined, past];
        if (snapshot) {
          // After a restore the past is that of the snapshot, whose keys stayed as they were until the restore.
          driver.run({ type: "restore", snapshot: savedAndRead(snapshot) }, nowMs);
          past = new Map(itsPast);
          for (let index = snapshot.index; index < driver.state.index; index++)
            past.set(index, plainEntries(snapshot, policy));
        }
        if (reopens === 0) driver.state = openState(driver.rows.values(), driver.state.index).state;
        past.set(driver.state.index, plainEntries(driver.state, policy));
        snapshots.push([driver.state, new Map(past)]);
      }
      for (const [index, entries] of past) {
        asked += 1;
        const found = entriesAt(driver.state, everything, index, isKeptHere(policy));
        if ("oldest" in found) {
          expect(found.oldest).toBeGreaterThan(index);
          continue;
        }
        told += 1;
        expect(found.entries).toEqual(entries);
      }
      expect(driver.state.kvHistoryBytes).toBeLessThanOrEqual(policy.bytesMax);
    }),
    { numRuns: 300 },
  );
  // Most of the past is known: what is not was dropped, or lies within a burst.
  expect(told / asked).toBeGreaterThan(name === "that keeps all" ? 0.5 : 0.1);
});

test("a rollback gives each plain key of the past its value, and leaves no other", () => {
  fc.assert(
    fc.property(steps, fc.nat(), (sequence, choice) => {
      const driver = new StateDriver(shortHistory);
      let nowMs = 0;
      for (const { command, laterMs } of sequence) driver.run(command, (nowMs += laterMs));
      const to = choice % (driver.state.index + 1);
      const wanted = entriesAt(driver.state, everything, to, isKeptHere(shortHistory));
      const before = driver.state;
      const { outcome } = driver.run({ type: "kv-rollback", key: "", recurse: true, to }, nowMs + 10_000);
      if ("oldest" in wanted) return expect(outcome.type).toBe("rejected");
      const isHeld = (key: string): boolean => {
        const entry = getKv(before, key);
        return entry !== undefined && isLock(entry);
      };
      const values = valuesOf(plainEntries(driver.state, shortHistory));
      expect(values).toEqual(valuesOf(wanted.entries.filter(({ key }) => !isHeld(key))));
    }),
    { numRuns: 200 },
  );
});
