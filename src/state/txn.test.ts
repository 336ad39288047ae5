import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { checkNamed, keySet, nodeNamed, serviceNamed, sessionNamed, StateDriver } from "../../test/support/state.ts";
import type { TxnOperation } from "../model/txn.ts";
import type { Command } from "./command.ts";
import { getKv } from "./kv.ts";
import { getNode } from "./lookup.ts";
import { openState } from "./open-state.ts";
import { getSession } from "./session.ts";
import { topicIndex, type State } from "./state.ts";
import { topics } from "./topics.ts";
import { readTxn } from "./txn.ts";

const session = "6f3f8f6c-6f0e-4a66-9e1c-0d4f0c6a8f11";

function onKey(
  verb: string,
  key: string,
  changes: { index?: number; value?: string; session?: string } = {},
): TxnOperation {
  const value = new TextEncoder().encode(changes.value ?? "");
  return { kind: "kv", verb, key, value, flags: 0n, index: changes.index ?? 0, session: changes.session ?? "" };
}

function txn(...operations: readonly TxnOperation[]): Command {
  return { type: "txn", operations };
}

test("a key that one transaction deletes and sets again exists after a restart", () => {
  const driver = new StateDriver();
  driver.run(keySet("a", "1"));
  driver.run(txn(onKey("delete", "a"), onKey("set", "a", { value: "2" })));
  const { state } = openState([...driver.rows.values()], driver.state.index);
  expect(getKv(state, "a")).toEqual(getKv(driver.state, "a"));
  expect(topicIndex(state, topics.key("a"))).toBe(2);
});

test("a transaction cannot lock a key for a session that it ends by setting a check to critical", () => {
  const driver = new StateDriver();
  const up = checkNamed("up", { node: "n1", status: "passing" });
  driver.run({ type: "register", node: nodeNamed("n1"), skipNodeUpdate: false, checks: [up] });
  driver.run({ type: "session-create", session: sessionNamed(session, { nodeChecks: ["up"] }) });
  const fails: TxnOperation = { kind: "check", verb: "set", check: { ...up, status: "critical" }, index: 0 };
  const applied = driver.run(txn(fails, onKey("lock", "a", { session })));
  expect(applied.outcome.type).toBe("failed");
  expect(getSession(driver.state, session)).toBeDefined();
});

describe("after any sequence of transactions", () => {
  const key = fc.constantFrom("a", "a/b", "b");
  const verb = fc.constantFrom("set", "cas", "lock", "unlock", "get", "get-tree", "check-index", "check-session");
  const more = fc.constantFrom("check-not-exists", "delete", "delete-tree", "delete-cas", "nope");
  const onAnyKey = fc
    .record({ verb: fc.oneof(verb, more), key, index: fc.nat(8), value: fc.constantFrom("", "x"), held: fc.boolean() })
    .map(({ verb: wanted, key: at, index, value, held }) =>
      onKey(wanted, at, { index, value, session: held ? session : "" }),
    );
  const catalogVerb = fc.constantFrom("set", "set", "get", "cas", "delete", "delete-cas");
  const node = fc.constantFrom("n1", "n2");
  const onCatalog: fc.Arbitrary<TxnOperation> = fc.oneof(
    fc.record({
      kind: fc.constant("node" as const),
      verb: catalogVerb,
      node: node.map((name) => nodeNamed(name)),
      index: fc.nat(8),
    }),
    fc.record({
      kind: fc.constant("service" as const),
      verb: catalogVerb,
      node,
      service: fc.constant(serviceNamed("web")),
      index: fc.nat(8),
    }),
    fc.record({
      kind: fc.constant("check" as const),
      verb: catalogVerb,
      check: node.map((name) => checkNamed("up", { node: name, serviceId: "web", status: "passing" })),
      index: fc.nat(8),
    }),
  );
  const operations = fc.array(fc.oneof(onAnyKey, onAnyKey, onCatalog), { minLength: 1, maxLength: 5 });
  const transactions = fc.array(operations, { maxLength: 15, size: "max" });

  function start(): StateDriver {
    const driver = new StateDriver();
    driver.run({ type: "register", node: nodeNamed("n1"), skipNodeUpdate: false, checks: [] });
    driver.run({ type: "session-create", session: sessionNamed(session) });
    return driver;
  }

  test("a transaction takes effect whole under one index, or not at all", () => {
    fc.assert(
      fc.property(transactions, (all) => {
        const driver = start();
        for (const each of all) {
          const before = driver.state;
          const { outcome, state, changes } = driver.run(txn(...each));
          expect(["results", "failed"]).toContain(outcome.type);
          if (outcome.type === "failed") {
            expect(state).toBe(before);
            expect(changes).toEqual([]);
          } else expect(state.index).toBe(changes.length > 0 ? before.index + 1 : before.index);
        }
      }),
    );
  });

  test("readTxn returns the outcome that running a transaction of reads would have, and changes nothing", () => {
    fc.assert(
      fc.property(transactions, (all) => {
        const driver = start();
        for (const each of all) {
          const read = readTxn(driver.state, each);
          expect(driver.run(txn(...each)).outcome).toEqual(read);
        }
      }),
    );
  });

  test("each row to which another row refers exists, and loading the written rows gives the same state", () => {
    fc.assert(
      fc.property(transactions, (all) => {
        const driver = start();
        for (const each of all) driver.run(txn(...each));
        const { state } = driver;
        for (const row of [...state.services.values(), ...state.checks.values(), ...state.sessions.values()])
          expect(getNode(state, row.node)).toBeDefined();
        for (const entry of state.kv.values())
          if (entry.session !== "") expect(getSession(state, entry.session)).toBeDefined();
        const reopened = openState([...driver.rows.values()], state.index).state;
        expect(plain(reopened)).toEqual(plain(state));
      }),
    );
  });
});

function plain({
  nodes,
  services,
  serviceInstances,
  checks,
  serviceChecks,
  failingChecks,
  kv,
  sessions,
  sessionKeys,
}: State): unknown[] {
  const tables = [nodes, services, serviceInstances, checks, serviceChecks, failingChecks, kv, sessions, sessionKeys];
  return tables.map((table) => [...table.entries()]);
}
