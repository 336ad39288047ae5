import { describe, expect, test } from "bun:test";
import { keySet, StateDriver } from "../../test/support/state.ts";
import type { Command, Outcome } from "./command.ts";
import { listKvBranch } from "./kv-branch.ts";
import { getKv } from "./kv.ts";

const bytes = new TextEncoder();

function setBranch(...keys: readonly string[]): Command {
  return { type: "kv-set-branch", entries: keys.map((key) => ({ key, value: bytes.encode(key) })) };
}

function inTheWay(key: string, other: string): Outcome {
  return { type: "rejected", reason: { code: "key-in-the-way", key, other } };
}

describe("keys that one kv-set-branch command writes", () => {
  test("have the same index", () => {
    const driver = new StateDriver();
    expect(driver.run(setBranch("a/b", "a/c", "d")).outcome).toEqual({ type: "done" });
    expect(["a/b", "a/c", "d"].map((key) => getKv(driver.state, key)?.modifyIndex)).toEqual([1, 1, 1]);
  });

  const done: Outcome = { type: "done" };

  test.each([
    ["a", inTheWay("a", "a/b/c")],
    ["a/b", inTheWay("a/b", "a/b/c")],
    ["a/b/c/d", inTheWay("a/b/c/d", "a/b/c")],
    ["a/b/c", done],
    ["a/b/cd", done],
    ["a/", done],
  ])(
    "are all rejected if one of them is above or below the existing key a/b/c, and else written: %s",
    (key, outcome) => {
      const driver = new StateDriver();
      driver.run(keySet("a/b/c", "1"));
      expect(driver.run(setBranch("x", key)).outcome).toEqual(outcome);
      expect(getKv(driver.state, "x") === undefined).toBe(outcome.type === "rejected");
    },
  );

  test("must not be path prefixes of each other", () => {
    const driver = new StateDriver();
    expect(driver.run(setBranch("a", "a/b")).outcome).toEqual(inTheWay("a/b", "a"));
    expect(driver.run(setBranch("a/b", "a")).outcome).toEqual(inTheWay("a", "a/b"));
    expect(driver.state.index).toBe(0);
  });

  test("keep the flags that they had before the command", () => {
    const driver = new StateDriver();
    driver.run(keySet("a", "1", { flags: 7n }));
    driver.run(setBranch("a"));
    expect(getKv(driver.state, "a")).toMatchObject({ flags: 7n, createIndex: 1, modifyIndex: 2 });
  });
});

describe("a branch of keys", () => {
  function planted(): StateDriver {
    const driver = new StateDriver();
    for (const key of ["a", "a/b", "a/c/d", "ab", "b"]) driver.run(keySet(key, "1"));
    return driver;
  }

  test("consists of a key and all keys below it", () => {
    expect(listKvBranch(planted().state, "a").map(({ key }) => key)).toEqual(["a", "a/b", "a/c/d"]);
    expect(listKvBranch(planted().state, "a/c").map(({ key }) => key)).toEqual(["a/c/d"]);
  });

  test("is deleted as a whole, or not at all if keys below exist and the command does not allow to delete them", () => {
    const driver = planted();
    const before = driver.state;
    expect(driver.run({ type: "kv-delete-branch", key: "a", below: false }).outcome).toEqual({ type: "unchanged" });
    expect(driver.state).toBe(before);
    const { outcome } = driver.run({ type: "kv-delete-branch", key: "a", below: true });
    expect(outcome).toEqual({ type: "deleted", keys: ["a", "a/b", "a/c/d"] });
    expect(listKvBranch(driver.state, "ab")).toHaveLength(1);
  });

  test("that does not exist can be deleted without an error, and the deletion raises no index", () => {
    const driver = planted();
    const before = driver.state;
    const { outcome } = driver.run({ type: "kv-delete-branch", key: "z", below: true });
    expect(outcome).toEqual({ type: "deleted", keys: [] });
    expect(driver.state).toBe(before);
  });
});
