import { expect, test } from "bun:test";
import { keySet, nodeNamed, StateDriver } from "../../test/support/state.ts";
import { applyRows } from "./apply-rows.ts";
import type { Command } from "./command.ts";
import { tombstonesMax } from "./draft.ts";
import { getNodeOfId } from "./lookup.ts";
import { emptyState, type State } from "./state.ts";

/**
 * Two servers: the leader runs commands, and the replica applies the rows that the leader writes. properties.test.ts compares a
 * leader and a replica after random commands.
 */
class Pair {
  readonly leader: StateDriver = new StateDriver();
  replica: State = emptyState;

  run(command: Command): void {
    const { state, changes } = this.leader.run(command);
    this.replica = applyRows(this.replica, { revision: state.index, changes }).state;
  }
}

const ids = [1, 2].map((digit) => `9f3f8f6c-6f0e-4a66-9e1c-0d4f0c6a8f1${digit}`);

function registerNode(name: string, id = ""): Command {
  return { type: "register", node: nodeNamed(name, { id }), skipNodeUpdate: false, checks: [] };
}

test("a server that applies the leader's rows drops the same tombstones when there are more than the maximum", () => {
  const pair = new Pair();
  for (let at = 0; at <= tombstonesMax; at += 1) pair.run(keySet(`k${at}`, "1"));
  pair.run({ type: "kv-delete-tree", prefix: "k" });
  expect(pair.replica.tombstones.size).toBe(tombstonesMax / 2);
  expect([...pair.replica.tombstones.entries()]).toEqual([...pair.leader.state.tombstones.entries()]);
  expect(pair.replica.tombstoneFloor).toBe(pair.leader.state.tombstoneFloor);
});

test("a server that applies the rows of a restore that exchanged two nodes' ids finds the nodes by their new ids", () => {
  const exchanged = new StateDriver();
  const pair = new Pair();
  for (const [at, name] of ["n1", "n2"].entries()) {
    pair.run(registerNode(name, ids[at]));
    exchanged.run(registerNode(name, ids[1 - at]));
  }
  pair.run({ type: "restore", snapshot: exchanged.state });
  expect(ids.map((id) => getNodeOfId(pair.replica, id)?.name)).toEqual(["n2", "n1"]);
});

test("applying a row of an unknown table, or of another agent's local table, changes no table and touches no topic", () => {
  const value = new TextEncoder().encode("{}");
  const changes = ["local", "unknown"].map((table) => ({ table, key: "a", value }));
  const { state, touched } = applyRows(emptyState, { revision: 1, changes });
  expect(state).toEqual({ ...emptyState, index: 1 });
  expect([...touched]).toEqual([]);
});
