import { expect, test } from "bun:test";
import fc from "fast-check";
import { defaultHistoryPolicy } from "../../test/support/history.ts";
import { nodeNamed, sessionNamed, StateDriver } from "../../test/support/state.ts";
import { type ValueOrigin, valueOrigins } from "../model/value-origin.ts";
import type { Command, Outcome } from "./command.ts";
import { getKv } from "./kv.ts";
import { changesOf } from "./kv-history.ts";
import { openState } from "./open-state.ts";
import { SnapshotDecoder, encodeSnapshot } from "./snapshot.ts";
import { kv } from "./tables/kv.ts";
import { packChange, unpackChange } from "./tables/kv-history.ts";
import { unknownCause } from "../model/kv-history.ts";

function set(key: string, value: string, origin: ValueOrigin, more: object = {}): Command {
  return { type: "kv-set", key, value: Buffer.from(value), flags: 0n, origin, ...more };
}

/** Runs commands a minute apart, and returns the driver. */
function driven(...commands: readonly Command[]): StateDriver {
  const driver = new StateDriver(defaultHistoryPolicy);
  for (const [at, command] of commands.entries()) driver.run(command, at * 60_000);
  return driver;
}

function shown({ state }: StateDriver, key: string): readonly [string, ValueOrigin] | undefined {
  const entry = getKv(state, key);
  return entry && [Buffer.from(entry.value).toString(), entry.origin];
}

test("a value has the origin of the write that changed it, also after a restart and in a snapshot", () => {
  const driver = driven(set("a", "1", "file"), set("a", "2", "operator"), set("a", "2", "service"), set("b", "1", ""));
  expect(shown(driver, "a")).toEqual(["2", "operator"]);
  expect(changesOf(driver.state, "a").map(({ previous }) => previous?.origin)).toEqual(["file"]);
  const { state } = openState([...driver.rows.values()], driver.state.index);
  expect(getKv(state, "a")).toEqual(getKv(driver.state, "a") ?? expect.anything());
  const decoder = new SnapshotDecoder();
  for (const block of encodeSnapshot(driver.state)) decoder.add(block);
  const restored = decoder.finish();
  expect(getKv(restored, "a")?.origin).toBe("operator");
  expect(changesOf(restored, "a").map(({ previous }) => previous?.origin)).toEqual(["file"]);
});

test("a known origin takes one byte of the entry's row and none of a kept change, and an unknown one takes none", () => {
  const session = "6f3f8f6c-6f0e-4a66-9e1c-0d4f0c6a8f11";
  fc.assert(
    fc.property(
      fc.constantFrom(...valueOrigins),
      fc.constantFrom("", session),
      fc.uint8Array({ maxLength: 300 }),
      fc.constantFrom("", "rollback"),
      (origin, holder, value, means) => {
        const entry = {
          ...{ key: "a", value, flags: 7n, session: holder, lockIndex: 0, createIndex: 1, modifyIndex: 2, origin },
        };
        const bytes = kv.encode(entry);
        expect(bytes.length).toBe(33 + holder.length + value.length + (origin === "" ? 0 : 1));
        expect(kv.decode(bytes, "a")).toEqual(entry);
        const cause = { ...unknownCause, client: "curl/8.5.0", means };
        const change = { key: "a", index: 3, number: 1, step: 0, atMs: 5, cause, previous: { ...entry, session: "" } };
        const row = packChange(change);
        expect(row.packed.length).toBe(36 + 3 + 6 * 2 + 10 + means.length + value.length);
        expect(unpackChange(row)).toEqual(change);
      },
    ),
  );
});

test("the rows of a Praetor that knew no origins are read as they were", () => {
  // Written by that Praetor: createIndex 1, modifyIndex 2, lockIndex 0, flags 7, no session, the value "x".
  const row = Buffer.from("3ff00000000000004000000000000000000000000000000000000000000000070078", "hex");
  const entry = kv.decode(row, "a");
  expect(entry).toMatchObject({ createIndex: 1, modifyIndex: 2, flags: 7n, session: "", origin: "" });
  expect(Buffer.from(kv.encode(entry))).toEqual(row);
});

test("values of two origins are two changes, however fast they follow each other", () => {
  const driver = driven(set("a", "1", "file"), set("a", "2", "service"));
  driver.run(set("a", "3", "service"), 60_100);
  driver.run(set("a", "4", "operator"), 60_200);
  expect(changesOf(driver.state, "a").map(({ previous }) => [previous?.modifyIndex, previous?.origin])).toEqual([
    [1, "file"],
    [3, "service"],
  ]);
});

const sparing = ["p/"];
const byService = { origin: "service", sparing } as const;

/** Returns a driver with values of an operator in and outside of a protected folder, and one of a service in it. */
function openProtected(): StateDriver {
  return driven(set("p/a", "1", "operator"), set("p/b", "1", "file"), set("q", "1", "operator"));
}

function operation(verb: string, key: string, index = 0) {
  return { kind: "kv", verb, key, value: Buffer.from("2"), flags: 0n, index, session: "" } as const;
}

const spared: Outcome = { type: "done", spared: ["p/a"] };

test.each<[string, Command, Outcome]>([
  ["a plain write", set("p/a", "2", "service", { sparing }), spared],
  ["a delete", { type: "kv-delete", key: "p/a", ...byService }, spared],
  ["a check-and-set", set("p/a", "2", "service", { sparing, cas: 1 }), { type: "unchanged", spared: ["p/a"] }],
  [
    "a delete with check-and-set",
    { type: "kv-delete", key: "p/a", cas: 1, ...byService },
    { type: "unchanged", spared: ["p/a"] },
  ],
  [
    "a write of several keys",
    { type: "kv-set-branch", entries: [{ key: "p/a", value: Buffer.from("2") }], ...byService },
    spared,
  ],
])("%s of a service leaves a protected value of an operator, and uses no index", (_what, command, outcome) => {
  const driver = openProtected();
  const { state } = driver;
  expect(driver.run(command, 600_000).outcome).toEqual(outcome);
  expect(driver.state).toBe(state);
});

test("what is not protected is written: other prefixes, the values of services, new keys, and equal values", () => {
  const driver = openProtected();
  for (const [at, key] of ["q", "p/b", "p/new"].entries())
    expect(driver.run(set(key, "2", "service", { sparing }), 600_000 + at).outcome).toEqual({ type: "done" });
  expect(["q", "p/b", "p/new"].map((key) => shown(driver, key))).toEqual([
    ["2", "service"],
    ["2", "service"],
    ["2", "service"],
  ]);
  expect(driver.run(set("p/a", "1", "service", { sparing }), 700_000).outcome).toEqual({ type: "done" });
});

test("deleting a folder leaves the protected values in it, and deletes the others", () => {
  const driver = openProtected();
  expect(driver.run({ type: "kv-delete-tree", prefix: "", ...byService }).outcome).toEqual(spared);
  expect([...driver.state.kv.values()].map(({ key }) => key)).toEqual(["p/a"]);
});

test("a transaction does its other operations, and its answer has the protected entry as it is", () => {
  const driver = openProtected();
  const operations = [operation("set", "p/a"), operation("set", "p/b")];
  expect(driver.run({ type: "txn", operations, ...byService }).outcome).toMatchObject({
    ...{ type: "results", spared: ["p/a"] },
    results: [{ row: { key: "p/a", modifyIndex: 1 } }, { row: { key: "p/b", modifyIndex: 4 } }],
  });
  expect([shown(driver, "p/a"), shown(driver, "p/b")]).toEqual([
    ["1", "operator"],
    ["2", "service"],
  ]);
});

test("a transaction that checks the index of a protected value fails whole", () => {
  const driver = openProtected();
  const { state } = driver;
  const operations = [operation("set", "p/b"), operation("cas", "p/a", 1)];
  expect(driver.run({ type: "txn", operations, ...byService }).outcome).toMatchObject({ type: "failed" });
  expect(driver.state).toBe(state);
});

test("a lock is taken also where values are protected", () => {
  const driver = openProtected();
  const id = "6f3f8f6c-6f0e-4a66-9e1c-0d4f0c6a8f11";
  driver.run({ type: "register", node: nodeNamed("n1"), skipNodeUpdate: false, checks: [] });
  driver.run({ type: "session-create", session: sessionNamed(id) });
  const lock = { type: "kv-lock", key: "p/a", value: Buffer.from("me"), flags: 0n, session: id, ...byService } as const;
  expect(driver.run(lock).outcome).toEqual({ type: "done" });
  expect(getKv(driver.state, "p/a")?.session).toBe(id);
});

test("a reset puts keys back to the newest value that a service has pushed, and leaves the others", () => {
  const driver = driven(
    set("s/changed", "1", "default"),
    set("s/changed", "2", "file"),
    set("s/changed", "3", "operator"),
    set("s/changed", "4", "operator"),
    set("s/pushed", "1", "file"),
    set("s/added", "1", "operator"),
    set("s/port", "1", "file"),
    set("s/port", "2", "port-assignment"),
    set("t/changed", "1", "file"),
    set("t/changed", "2", "operator"),
  );
  const { index } = driver.state;
  expect(driver.run({ type: "kv-reset", key: "s/", recurse: true }, 900_000).outcome).toEqual({ type: "done" });
  expect(driver.state.index).toBe(index + 1);
  const keys = ["s/changed", "s/pushed", "s/added", "s/port", "t/changed"];
  expect(keys.map((key) => shown(driver, key))).toEqual([
    ["2", "file"],
    ["1", "file"],
    ["1", "operator"],
    ["2", "port-assignment"],
    ["2", "operator"],
  ]);
});

test("a reset makes a value the service's again, also if it equals what the service has pushed", () => {
  const driver = driven(set("a", "1", "file"), set("a", "2", "operator"), set("a", "1", "rollback"));
  expect(driver.run({ type: "kv-reset", key: "a", recurse: false }, 600_000).outcome).toEqual({ type: "done" });
  expect(getKv(driver.state, "a")).toMatchObject({ origin: "file", createIndex: 1, modifyIndex: 4 });
});

test("a reset of a key without a pushed value is rejected, and one of keys that changed meanwhile changes nothing", () => {
  const driver = driven(set("a", "1", "file"), set("a", "2", "operator"), set("b", "1", "operator"));
  expect(driver.run({ type: "kv-reset", key: "b", recurse: false }).outcome).toEqual({
    ...{ type: "rejected", reason: { code: "nothing-pushed", key: "b" } },
  });
  expect(driver.run({ type: "kv-reset", key: "a", recurse: false, seen: 1 }).outcome).toEqual({ type: "unchanged" });
  expect(shown(driver, "a")).toEqual(["2", "operator"]);
  expect(driver.run({ type: "kv-reset", key: "a", recurse: false, seen: 2 }).outcome).toEqual({ type: "done" });
  expect(shown(driver, "a")).toEqual(["1", "file"]);
});
