import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { checkNamed, keyLock, keySet, nodeNamed, sessionNamed, StateDriver } from "../../test/support/state.ts";
import { checkIdsOf, type Session } from "../model/session.ts";
import type { Command } from "./command.ts";
import { getKv } from "./kv.ts";
import { getCheck, getNode } from "./lookup.ts";
import { openState } from "./open-state.ts";
import { getSession, listSessions, sessionsOfNode } from "./session.ts";
import { topicIndex, type State } from "./state.ts";
import { topics, type Topic } from "./topics.ts";

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

describe("the lock delay", () => {
  test("passes with the state's time, is a minute at most, and is then forgotten", () => {
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

  test("of a key is not that of one that differs in its letter case", () => {
    const driver = driverWithNode();
    driver.run(create(first, { lockDelayMs: 15_000 }));
    driver.run(create(second));
    driver.run(keyLock("a", first));
    driver.run({ type: "session-destroy", id: first });
    expect(driver.run(keyLock("A", second)).outcome.type).toBe("done");
  });
});

test("a write of a key that is not locked leaves the tables of sessions as they are", () => {
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

describe("over random commands", () => {
  const node = fc.constantFrom("n1", "N1", "n2");
  const key = fc.constantFrom("a", "A", "a/b", "b", "\u{1F600}");
  const id = fc.constantFrom(...ids);
  const checkId = fc.constantFrom("c1", "c2");
  const status = fc.constantFrom("passing" as const, "critical" as const);
  const value = new Uint8Array([1]);
  const command: fc.Arbitrary<Command> = fc.oneof(
    fc.record({ key, value: fc.constantFrom("", "x") }).map(({ key: at, value: text }) => keySet(at, text)),
    fc.record({ type: fc.constant("kv-delete" as const), key }),
    fc.record({ type: fc.constant("kv-delete-tree" as const), prefix: fc.constantFrom("", "a") }),
    fc.record({
      type: fc.constant("kv-lock" as const),
      key,
      value: fc.constant(value),
      flags: fc.constant(0n),
      session: id,
    }),
    fc.record({
      type: fc.constant("kv-unlock" as const),
      key,
      value: fc.constant(value),
      flags: fc.constant(0n),
      session: id,
    }),
    fc
      .record({
        node,
        behavior: fc.constantFrom("release" as const, "delete" as const),
        nodeChecks: fc.array(checkId, { maxLength: 2 }),
        lockDelayMs: fc.constantFrom(0, 2),
      })
      .chain((wishes) => id.map((of) => create(of, wishes))),
    fc.record({ type: fc.constant("session-destroy" as const), id }),
    fc
      .record({ node, checks: fc.array(fc.record({ id: checkId, status }), { maxLength: 2 }) })
      .map(({ node: name, checks }) => ({
        type: "register" as const,
        node: nodeNamed(name),
        skipNodeUpdate: true,
        checks: checks.map((check) => checkNamed(check.id, { status: check.status })),
      })),
    fc.record({
      type: fc.constant("deregister" as const),
      node,
      checkId: fc.option(checkId, { nil: undefined }),
    }),
  );
  const commands = fc.array(command, { maxLength: 40 });

  /** A session's id is drawn anew for each: none that is in use is used again. */
  function isPossible(state: State, each: Command): boolean {
    return each.type !== "session-create" || !getSession(state, each.session.id);
  }

  function drive(
    all: readonly Command[],
    look: (driver: StateDriver, each: Command, before: State) => void,
  ): StateDriver {
    const driver = new StateDriver();
    all.forEach((each, at) => {
      if (!isPossible(driver.state, each)) return;
      const before = driver.state;
      driver.run(each, at);
      look(driver, each, before);
    });
    return driver;
  }

  test("a session's end releases or deletes exactly its locks", () => {
    fc.assert(
      fc.property(commands, (all) => {
        drive(all, ({ state }, each, before) => {
          if (each.type.startsWith("kv-")) return;
          const ended = listSessions(before).filter((session) => !getSession(state, session.id));
          for (const entry of before.kv.values()) {
            const holder = ended.find((session) => session.id === entry.session);
            const now = getKv(state, entry.key);
            if (holder === undefined) expect(now).toBe(entry);
            else if (holder.behavior === "delete") expect(now).toBeUndefined();
            else expect(now).toEqual({ ...entry, session: "", modifyIndex: state.index });
          }
        });
      }),
    );
  });

  test("a locked key's session exists, a session's node and checks exist, and no such check is critical", () => {
    fc.assert(
      fc.property(commands, (all) => {
        drive(all, ({ state }) => {
          const locked = [...state.kv.values()].filter((entry) => entry.session !== "");
          for (const entry of locked) expect(getSession(state, entry.session)).toBeDefined();
          expect([...state.sessionKeys.values()]).toHaveLength(locked.length);
          for (const session of listSessions(state)) {
            expect(getNode(state, session.node)).toBeDefined();
            for (const check of checkIdsOf(session))
              expect(getCheck(state, session.node, check)?.status).toBe("passing");
          }
          expect(state.nodeSessions.size).toBe(state.sessions.size);
        });
      }),
    );
  });

  test("what a topic tells changes only when the topic is touched, and its index never falls", () => {
    const told = (state: State): Record<Topic, unknown> => ({
      [topics.sessions]: listSessions(state),
      [topics.nodeSessions("n1")]: sessionsOfNode(state, "n1"),
      [topics.session(first)]: getSession(state, first),
      [topics.key("a")]: getKv(state, "a"),
    });
    fc.assert(
      fc.property(commands, (all) => {
        drive(all, ({ state }, _each, before) => {
          for (const [topic, tells] of Object.entries(told(state))) {
            const index = topicIndex(state, topic);
            expect(index).toBeGreaterThanOrEqual(topicIndex(before, topic));
            if (!Bun.deepEquals(tells, told(before)[topic])) expect(index).toBe(state.index);
          }
        });
      }),
    );
  });

  test("the rows written build the same state again", () => {
    fc.assert(
      fc.property(commands, (all) => {
        const driver = drive(all, () => {});
        const { state } = openState([...driver.rows.values()], driver.state.index);
        expect(plain(state)).toEqual(plain(driver.state));
        for (const topic of [topics.sessions, topics.nodeSessions("n1"), topics.session(first)])
          expect(topicIndex(state, topic)).toBe(topicIndex(driver.state, topic));
      }),
    );
  });
});

function plain({ kv, sessions, nodeSessions, checkSessions, sessionKeys, lockDelays }: State): unknown[] {
  return [kv, sessions, nodeSessions, checkSessions, sessionKeys, lockDelays].map((table) => [...table.entries()]);
}
