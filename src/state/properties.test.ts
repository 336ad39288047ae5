import { expect, test } from "bun:test";
import fc from "fast-check";
import {
  names,
  randomSteps,
  savedAndRead,
  shortHistory,
  type Step,
  type Steps,
  takeSteps,
} from "../../test/support/random-commands.ts";
import type { StateDriver } from "../../test/support/state.ts";
import type { RowChange } from "../engine/engine.ts";
import type { OrderedTable } from "../lib/ordered-map.ts";
import { checkIdsOf } from "../model/session.ts";
import type { RowIndexes } from "../model/node.ts";
import { connectName, type ServiceRow } from "../model/service.ts";
import { listAclAuthMethods, listAclBindingRules, listAclPolicies, listAclRoles, listAclTokens } from "./acl-lookup.ts";
import { applyRows } from "./apply-rows.ts";
import { Batch } from "./batch.ts";
import type { Command } from "./command.ts";
import { getKv, listKv } from "./kv.ts";
import { listKvTrials } from "./kv-trial.ts";
import {
  checksInStatus,
  checksOfInstance,
  checksOfNode,
  checksOfService,
  getCheck,
  getNode,
  getService,
  instancesForConnect,
  instancesOfService,
  listInstances,
  listNodes,
  servicesOfNode,
} from "./lookup.ts";
import { openState } from "./open-state.ts";
import { getPreparedQuery, listPreparedQueries } from "./prepared-query.ts";
import { storeTables } from "./rows.ts";
import { getSession, listSessions, sessionsOfNode } from "./session.ts";
import { emptyState, tableNames, topicIndex, type State } from "./state.ts";
import { changesBetween } from "./stored-tables.ts";
import { topics, type Topic } from "./topics.ts";

/*
 * Properties that hold after any sequence of commands. test/support/random-commands.ts makes sequences of all kinds of
 * commands, with so few names that commands often concern the same rows.
 */

/** Runs many random sequences of steps, and calls `look` after each step. */
function afterEachStep(look: (step: Step, driver: StateDriver) => void): void {
  overSequences((steps) => void takeSteps(steps, look));
}

function overSequences(look: (steps: Steps) => void): void {
  fc.assert(fc.property(randomSteps, look), { numRuns: 100 });
}

test("each command that changes a row raises the index, and the changed rows have the new index as their ModifyIndex", () => {
  afterEachStep(({ command, before, state, applied }) => {
    if (applied.changes.length === 0) return expect(state).toBe(before);
    expect(state.index).toBeGreaterThan(before.index);
    if (command.type === "restore") return expect(state.index).toBeGreaterThan(command.snapshot.index);
    for (const row of changedRows(before, state)) {
      expect(row.modifyIndex).toBe(state.index);
      expect(row.createIndex).toBeLessThanOrEqual(row.modifyIndex);
    }
  });
});

function changedRows(before: State, state: State): RowIndexes[] {
  const changed = <V extends RowIndexes>(old: OrderedTable<V>, now: OrderedTable<V>): V[] =>
    [...now.entries()].filter(([key, row]) => old.get(key) !== row).map(([, row]) => row);
  return [
    ...changed(before.nodes, state.nodes),
    ...changed(before.services, state.services),
    ...changed(before.checks, state.checks),
    ...changed(before.kv, state.kv),
    ...changed(before.kvTrials, state.kvTrials),
    ...changed(before.sessions, state.sessions),
    ...changed(before.preparedQueries, state.preparedQueries),
    ...changed(before.aclPolicies, state.aclPolicies),
    ...changed(before.aclRoles, state.aclRoles),
    ...changed(before.aclTokens, state.aclTokens),
    ...changed(before.aclAuthMethods, state.aclAuthMethods),
    ...changed(before.aclBindingRules, state.aclBindingRules),
    ...changed(before.aclBootstrap, state.aclBootstrap),
  ];
}

test("a command whose outcome is unchanged, failed or rejected changes nothing", () => {
  afterEachStep(({ applied, before, state }) => {
    if (["done", "results", "deleted"].includes(applied.outcome.type)) return;
    expect(state).toBe(before);
    expect(applied.changes).toEqual([]);
    expect([...applied.touched]).toEqual([]);
  });
});

/** Returns the answers to all queries for the names of the random commands, each by the topic on which the query depends. */
function answersOf(state: State): ReadonlyMap<Topic, unknown> {
  const instances = listInstances(state);
  return new Map<Topic, unknown>([
    [topics.nodes, listNodes(state)],
    [topics.services, instances.map(({ name, tags }) => [name, tags])],
    [topics.checks, checksInStatus(state, "any")],
    [topics.kvTrials, listKvTrials(state)],
    [topics.sessions, listSessions(state)],
    [topics.preparedQueries, listPreparedQueries(state)],
    [topics.aclPolicies, listAclPolicies(state)],
    [topics.aclRoles, listAclRoles(state)],
    [topics.aclTokens, listAclTokens(state, 0)],
    [topics.aclAuthMethods, listAclAuthMethods(state)],
    [topics.aclBindingRules, listAclBindingRules(state, "")],
    ...["passing", "warning", "critical"].map(
      (status) => [topics.checksInStatus(status), checksInStatus(state, status)] as const,
    ),
    ...names.nodes.flatMap((name) => [
      [topics.node(name), [getNode(state, name), servicesOfNode(state, name)]] as const,
      [topics.nodeChecks(name), checksOfNode(state, name)] as const,
      [topics.nodeSessions(name), sessionsOfNode(state, name)] as const,
    ]),
    ...names.services.flatMap((name) => toldOfService(state, name)),
    ...names.sessions.map((id) => [topics.session(id), getSession(state, id)] as const),
    ...names.queries.map((id) => [topics.preparedQuery(id), getPreparedQuery(state, id)] as const),
    ...names.keys.map((key) => [topics.key(key), getKv(state, key)] as const),
    ...["", "a", "a/", "b", "c"].map((prefix) => [topics.tree(prefix), listKv(state, prefix)] as const),
  ]);
}

function toldOfService(state: State, name: string): (readonly [Topic, unknown])[] {
  const instances = instancesOfService(state, name);
  const withChecks = (rows: readonly ServiceRow[]): unknown =>
    rows.map((row) => [row, getNode(state, row.node), checksOfInstance(state, row.node, row.id)]);
  return [
    [topics.service(name), withChecks(instances)],
    [topics.connect(name), withChecks(instancesForConnect(state, name))],
    [topics.serviceChecks(name), instances.flatMap((row) => checksOfService(state, row.node, row.id))],
  ];
}

test("the index of an answer never falls, and equals the command's index if the command changes the answer", () => {
  afterEachStep(({ before, state }) => {
    const answersBefore = answersOf(before);
    for (const [topic, tells] of answersOf(state)) {
      const index = topicIndex(state, topic);
      expect(index).toBeGreaterThanOrEqual(topicIndex(before, topic));
      expect(index).toBeLessThanOrEqual(Math.max(1, state.index));
      if (!Bun.deepEquals(tells, answersBefore.get(topic), true)) expect([topic, index]).toEqual([topic, state.index]);
    }
  });
});

test("a command touches the topic of each answer that it changes", () => {
  afterEachStep(({ applied: { touched }, before, state }) => {
    if (touched.has(topics.everything)) return;
    const answersBefore = answersOf(before);
    for (const [topic, tells] of answersOf(state)) {
      if (topic.startsWith(topics.tree("")) || touched.has(topic)) continue;
      expect([topic, tells]).toEqual([topic, answersBefore.get(topic)]);
    }
  });
});

test("each row that another row refers to exists, and no ended session holds a lock", () => {
  afterEachStep(({ state }) => {
    for (const service of state.services.values()) expect(getNode(state, service.node)).toBeDefined();
    for (const check of state.checks.values()) {
      expect(getNode(state, check.node)).toBeDefined();
      if (check.serviceId !== "") expect(getService(state, check.node, check.serviceId)).toBeDefined();
    }
    for (const session of state.sessions.values()) {
      expect(getNode(state, session.node)).toBeDefined();
      for (const id of checkIdsOf(session)) {
        const check = getCheck(state, session.node, id);
        expect(check && check.status !== "critical").toBe(true);
      }
    }
    for (const { session } of state.kv.values()) if (session !== "") expect(getSession(state, session)).toBeDefined();
  });
});

test("the end of a session releases or deletes the keys that the session holds, and no other keys", () => {
  afterEachStep(({ command, before, state }) => {
    if (command.type === "restore" || command.type === "txn" || command.type.startsWith("kv-")) return;
    for (const entry of before.kv.values()) {
      const holder = entry.session === "" ? undefined : getSession(before, entry.session);
      const now = getKv(state, entry.key);
      if (!holder || getSession(state, holder.id)) expect(now).toBe(entry);
      else if (holder.behavior === "delete") expect(now).toBeUndefined();
      else expect(now).toEqual({ ...entry, session: "", modifyIndex: state.index });
    }
    expect([...state.kv.values()].filter(({ key }) => !getKv(before, key))).toEqual([]);
  });
});

test("a lock is released before another session gets it", () => {
  afterEachStep(({ command, before, state }) => {
    if (command.type === "restore" || command.type === "txn") return;
    for (const { key, session } of before.kv.values())
      if (session !== "") expect(["", undefined, session]).toContain(getKv(state, key)?.session);
  });
});

test("no session gets a lock before the lock delay has passed, even if a restore comes in between", () => {
  overSequences((steps) => {
    const until = new Map<string, number>();
    takeSteps(steps, ({ command, before, state, applied, nowMs }) => {
      if (command.type === "kv-lock" && nowMs < (until.get(command.key) ?? 0))
        expect(applied.outcome).toEqual({ type: "unchanged" });
      if (command.type === "restore" || command.type === "txn") return;
      for (const { key, session } of before.kv.values()) {
        const holder = session === "" ? undefined : getSession(before, session);
        if (holder && !getSession(state, holder.id)) until.set(key, nowMs + holder.lockDelayMs);
      }
    });
  });
});

test("a key that is written again keeps its CreateIndex", () => {
  afterEachStep(({ command, before, state }) => {
    if (command.type === "restore" || command.type === "txn") return;
    for (const { key, createIndex } of before.kv.values())
      expect([createIndex, undefined]).toContain(getKv(state, key)?.createIndex);
  });
});

test("a session ends only if it is destroyed, or its node or one of its checks is deleted or a check turns critical", () => {
  afterEachStep(({ command, before, state }) => {
    if (command.type === "restore" || command.type === "txn") return;
    for (const session of listSessions(before)) {
      if (getSession(state, session.id)) continue;
      const isDestroyed = command.type === "session-destroy" && command.id === session.id;
      const isNodeGone = !isSame(getNode(before, session.node), getNode(state, session.node));
      const isCheckGone = (id: string): boolean =>
        !isSame(getCheck(before, session.node, id), getCheck(state, session.node, id)) || turnsCritical(command, id);
      expect(isDestroyed || isNodeGone || checkIdsOf(session).some(isCheckGone)).toBe(true);
    }
  });
});

/** Returns whether the arguments are versions of one row, which was not deleted and created again in between. */
function isSame(before: RowIndexes | undefined, now: RowIndexes | undefined): boolean {
  return before?.createIndex === now?.createIndex;
}

/** Returns whether a command sets the check to critical. The same command may then set it to passing again. */
function turnsCritical(command: Command, id: string): boolean {
  const rows = command.type === "member-set" ? command.registration : command;
  return (
    rows !== undefined &&
    "checks" in rows &&
    rows.checks.some((check) => check.id === id && check.status === "critical")
  );
}

test("the same commands give the same rows and outcomes, and change no earlier state", () => {
  overSequences((steps) => {
    const outcomes: unknown[] = [];
    const shown: (readonly [State, ReturnType<typeof tablesOf>])[] = [];
    const first = takeSteps(steps, ({ applied, state }) => {
      outcomes.push(applied.outcome);
      shown.push([state, tablesOf(state)]);
    });
    const again: unknown[] = [];
    const second = takeSteps(steps, ({ applied }) => again.push(applied.outcome));
    expect(again).toEqual(outcomes);
    expect([...second.rows]).toEqual([...first.rows]);
    expect(tablesOf(second.state)).toEqual(tablesOf(first.state));
    for (const [state, tables] of shown) expect(tablesOf(state)).toEqual(tables);
  });
});

test("the rows in the engine are exactly those of the state, and loading them gives the same state", () => {
  overSequences((steps) => {
    const { rows, state } = takeSteps(steps);
    const opened = openState(rows.values(), state.index);
    expect(tablesOf(opened.state)).toEqual(tablesOf(state));
    const stored = [...rows.values()].filter(({ table }) => table !== storeTables.local && table !== storeTables.meta);
    expect(byKey(stored)).toEqual(byKey(changesBetween(emptyState, state)));
    for (const topic of answersOf(state).keys()) {
      expect(topicIndex(opened.state, topic)).toBeGreaterThanOrEqual(topicIndex(state, topic));
      expect(topicIndex(opened.state, topic)).toBeLessThanOrEqual(Math.max(1, state.index));
    }
  });
});

function byKey(rows: readonly RowChange[]): ReadonlyMap<string, RowChange> {
  return new Map(rows.map((row) => [`${row.table}/${row.key}`, row]));
}

test("restoring a snapshot into any state gives the state that the snapshot saved", () => {
  fc.assert(
    fc.property(randomSteps, randomSteps, fc.integer({ min: 1, max: 300 }), (saved, others, blockBytes) => {
      const { state } = takeSteps(saved);
      const driver = takeSteps(others);
      const before = driver.state;
      driver.run({ type: "restore", snapshot: savedAndRead(state, blockBytes) });
      const { index, tombstoneFloor, tombstones, ...rows } = tablesOf(driver.state);
      expect([index, tombstoneFloor]).toEqual([Math.max(before.index, state.index) + 1, index]);
      expect(tombstones).toEqual([]);
      const { lockDelays, members } = rowsOf(before);
      expect(rows).toEqual({ ...rowsOf(state), lockDelays, members });
      expect(tablesOf(openState(driver.rows.values(), driver.state.index).state)).toEqual(tablesOf(driver.state));
    }),
  );
});

/** Returns everything in a state except topicIndexes, which tests compare topic by topic. */
function tablesOf(state: State) {
  const { index, tombstoneFloor } = state;
  return { ...rowsOf(state), index, tombstoneFloor, tombstones: [...state.tombstones.entries()] };
}

function rowsOf(state: State) {
  const entries = <V>(table: OrderedTable<V>): [string, V][] => [...table.entries()];
  return {
    nodes: entries(state.nodes),
    nodeNames: entries(state.nodeNames),
    services: entries(state.services),
    serviceInstances: entries(state.serviceInstances),
    connectInstances: entries(state.connectInstances),
    checks: entries(state.checks),
    serviceChecks: entries(state.serviceChecks),
    failingChecks: entries(state.failingChecks),
    kv: entries(state.kv),
    sessions: entries(state.sessions),
    nodeSessions: entries(state.nodeSessions),
    checkSessions: entries(state.checkSessions),
    sessionKeys: entries(state.sessionKeys),
    lockDelays: entries(state.lockDelays),
    members: entries(state.members),
    aclPolicies: entries(state.aclPolicies),
    aclPolicyNames: entries(state.aclPolicyNames),
    aclRoles: entries(state.aclRoles),
    aclRoleNames: entries(state.aclRoleNames),
    aclTokens: entries(state.aclTokens),
    aclTokenSecrets: entries(state.aclTokenSecrets),
    aclAuthMethods: entries(state.aclAuthMethods),
    aclBindingRules: entries(state.aclBindingRules),
    aclBootstrap: entries(state.aclBootstrap),
  };
}

test("the Connect-capable instances of a service are exactly its proxies and its Connect-native instances, in order", () => {
  afterEachStep(({ state }) => {
    const all = [...state.services.values()];
    for (const name of new Set(all.flatMap((service) => connectName(service) ?? [])))
      expect(instancesForConnect(state, name)).toEqual(
        all.filter((service) => connectName(service)?.toLowerCase() === name.toLowerCase()),
      );
    expect(state.connectInstances.size).toBe(all.filter((service) => connectName(service) !== undefined).length);
  });
});

test("the list of checks by status has exactly the checks with that status, in order", () => {
  afterEachStep(({ state }) => {
    const all = checksInStatus(state, "any");
    for (const status of ["passing", "warning", "critical"])
      expect(checksInStatus(state, status)).toEqual(all.filter((check) => check.status === status));
  });
});

test("another server that applies the rows of each command arrives at the same state and touched topics", () => {
  overSequences((steps) => {
    let replica = emptyState;
    takeSteps(steps, ({ state, applied: { changes, touched } }) => {
      const { state: next, touched: touchedThere } = applyRows(replica, { revision: state.index, changes });
      expect(everythingOf(next)).toEqual(everythingOf(state));
      expect([...touchedThere].toSorted()).toEqual([...touched].toSorted());
      replica = next;
    });
  });
});

test("another server that applies the rows of a whole batch arrives at the same state and wakes the same watchers", () => {
  const wakes = (touched: ReadonlySet<Topic>): readonly Topic[] =>
    touched.has(topics.everything) ? [topics.everything] : [...touched].toSorted();
  overSequences((steps) => {
    const commands: Command[] = [];
    takeSteps(steps, ({ command }) => void commands.push(command));
    let [state, replica] = [emptyState, emptyState];
    for (let at = 0; at < commands.length; at += 7) {
      const batch = new Batch(state, { nowMs: at, keeping: { policy: shortHistory, wallMs: at } });
      for (const command of commands.slice(at, at + 7)) batch.apply(command);
      const made = batch.finish();
      const taken = applyRows(replica, { revision: made.state.index, changes: made.changes });
      expect(everythingOf(taken.state)).toEqual(everythingOf(made.state));
      expect(wakes(taken.touched)).toEqual(wakes(made.touched));
      [state, replica] = [made.state, taken.state];
    }
  });
});

/** Returns every table and index of a state, including topic indexes and tombstones, and its index and tombstone floor. */
function everythingOf(state: State): unknown {
  const { index, tombstoneFloor, kvHistoryBytes } = state;
  return [index, tombstoneFloor, kvHistoryBytes, ...tableNames.map((name) => [name, ...state[name].entries()])];
}
