import { describe, expect, test } from "bun:test";
import { keyLock, keySet, nodeNamed, sessionNamed, StateDriver } from "../../test/support/state.ts";
import type { Session } from "../model/session.ts";
import type { Command } from "./command.ts";

const ids = [1, 2, 3].map((digit) => `6f3f8f6c-6f0e-4a66-9e1c-0d4f0c6a8f1${digit}`);
const [first = "", second = ""] = ids;

function driverWithNode(): StateDriver {
  const driver = new StateDriver();
  driver.run({ type: "register", node: nodeNamed("n1"), skipNodeUpdate: false, checks: [] });
  return driver;
}

function create(id: string, changes: Partial<Session> = {}): Command {
  return { type: "session-create", session: sessionNamed(id, changes) };
}

describe("the lock delay of a key", () => {
  test("passes with the state's time, lasts at most a minute, and is deleted after it has passed", () => {
    const driver = driverWithNode();
    driver.run(create(first, { lockDelayMs: 3_600_000 }));
    driver.run(create(second));
    driver.run(keyLock("a", first), 1_000);
    driver.run({ type: "session-destroy", id: first }, 2_000);
    expect(driver.run(keyLock("a", second), 61_999).outcome.type).toBe("unchanged");
    expect(driver.run(keyLock("a", second), 62_000).outcome.type).toBe("done");
    driver.run({ type: "session-destroy", id: second }, 63_000);
    expect(driver.state.lockDelays.size).toBe(0);
    expect([...driver.rows.keys()].filter((key) => key.startsWith("lock-delays/"))).toEqual([]);
  });

  test("does not apply to another key that differs from the first only in letter case", () => {
    const driver = driverWithNode();
    driver.run(create(first, { lockDelayMs: 15_000 }));
    driver.run(create(second));
    driver.run(keyLock("a", first));
    driver.run({ type: "session-destroy", id: first });
    expect(driver.run(keyLock("A", second)).outcome.type).toBe("done");
  });
});

test("a write of a key without a lock does not copy the tables of sessions and lock delays", () => {
  const driver = driverWithNode();
  driver.run(create(first));
  driver.run(keyLock("locked", first));
  const { sessions, sessionKeys, lockDelays } = driver.state;
  driver.run(keySet("a", "1"));
  driver.run({ type: "kv-delete", key: "a" });
  expect(driver.state.sessions).toBe(sessions);
  expect(driver.state.sessionKeys).toBe(sessionKeys);
  expect(driver.state.lockDelays).toBe(lockDelays);
});
