import { describe, expect, test } from "bun:test";
import { keySet, StateDriver } from "../../test/support/state.ts";
import { tombstonesMax } from "../state/draft.ts";
import { keyChangesOf, keyChangesSince, type KeyChange } from "./key-changes.ts";

function texts(changes: readonly KeyChange[]): readonly string[] {
  return changes.map(({ key, index, entry }) => `${key}@${index}=${entry ? Buffer.from(entry.value).toString() : "-"}`);
}

describe("the key changes of a commit", () => {
  test("are in the order of the writes, include deletes, and omit keys outside the prefixes", () => {
    const driver = new StateDriver();
    for (const command of [keySet("e/b", "1"), keySet("f/x", "1"), keySet("e/a", "1")]) driver.run(command);
    driver.run({ type: "kv-delete", key: "e/b" });
    const touched = new Set(["kv/e/b", "kv/f/x", "nodes", "kv/e/a"]);
    expect(texts(keyChangesOf(driver.state, touched, ["e/"]))).toEqual(["e/a@3=1", "e/b@4=-"]);
  });
});

describe("the key changes since an index", () => {
  test("have each key once, with its present value, in the order of each key's last write", () => {
    const driver = new StateDriver();
    for (const command of [keySet("e/a", "1"), keySet("e/b", "1"), keySet("e/c", "1"), keySet("e/a", "2")]) {
      driver.run(command);
    }
    driver.run({ type: "kv-delete", key: "e/b" });
    expect(texts(keyChangesSince(driver.state, 2, ["e/", "e/a"]))).toEqual(["e/c@3=1", "e/a@4=2", "e/b@5=-"]);
    expect(texts(keyChangesSince(driver.state, 5, ["e/"]))).toEqual([]);
  });

  test("include every present key after the store has dropped tombstones, and no key's index is lower than before", () => {
    const driver = new StateDriver();
    driver.run(keySet("e/a", "1"));
    for (let at = 0; at <= tombstonesMax; at++) {
      driver.run(keySet(`e/${at}`, "1"));
      driver.run({ type: "kv-delete", key: `e/${at}` });
    }
    const { tombstoneFloor } = driver.state;
    const [first] = keyChangesSince(driver.state, tombstoneFloor - 1, ["e/"]);
    expect(first).toMatchObject({ key: "e/a", index: tombstoneFloor });
    expect(texts(keyChangesSince(driver.state, tombstoneFloor, ["e/a"]))).toEqual([]);
  });
});
