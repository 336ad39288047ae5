import { OrderedMap, type OrderedTable } from "../lib/ordered-map.ts";
import { kvOrder } from "./row-key.ts";
import { autopilot, type AutopilotTables } from "./tables/autopilot.ts";
import { aclAuthMethods, type AclAuthMethodTables } from "./tables/acl-auth-method.ts";
import { aclBindingRules, type AclBindingRuleTables } from "./tables/acl-binding-rule.ts";
import { aclBootstrap, type AclBootstrapTables } from "./tables/acl-bootstrap.ts";
import { aclPolicies, type AclPolicyTables } from "./tables/acl-policy.ts";
import { aclRoles, type AclRoleTables } from "./tables/acl-role.ts";
import { aclTokens, type AclTokenTables } from "./tables/acl-token.ts";
import { aclUsers, type AclUserTables } from "./tables/acl-user.ts";
import { checks, type CheckTables } from "./tables/check.ts";
import { kv, type KvTables } from "./tables/kv.ts";
import { kvHistory, type KvHistoryTables } from "./tables/kv-history.ts";
import { kvHistoryFloor, type KvHistoryFloorTables } from "./tables/kv-history-floor.ts";
import { kvTrials, type KvTrialTables } from "./tables/kv-trial.ts";
import { lockDelays, type LockDelayTables } from "./tables/lock-delay.ts";
import { members, type MemberTables } from "./tables/member.ts";
import { nodes, type NodeTables } from "./tables/node.ts";
import { preparedQueries, type PreparedQueryTables } from "./tables/prepared-query.ts";
import { services, type ServiceTables } from "./tables/service.ts";
import { sessions, type SessionTables } from "./tables/session.ts";
import { signingAuthority, type SigningAuthorityTables } from "./tables/signing-authority.ts";
import type { Table } from "./tables/table.ts";
import { keyOfTopic, prefixOfTopic, topics, type Topic } from "./topics.ts";

/**
 * All nodes, services, checks, keys, sessions, prepared queries and objects of access control, as one immutable value.
 *
 * Each kind of record has a descriptor in `tables/`, which defines how its rows are stored, which indexes of them are in memory
 * and to which topics a row belongs. Everything else in this folder that concerns all tables uses the descriptors.
 *
 * Life cycle: `openState` builds the first state from the engine's rows. `apply` makes the next one from a command, by way of a
 * Draft, and returns which rows the engine must write and which topics were touched; `applyRows` does the same from the rows that
 * another server wrote. A reader may keep using an old state: it never changes.
 *
 * Invariants (properties.test.ts):
 * - apply is pure: the same state, command and stamp give the same result. It changes no state that a reader holds.
 * - A command takes effect whole, or not at all. A command that changes nothing uses no index.
 * - The index of a topic never falls, and rises whenever an answer that depends on the topic changes.
 * - Opening the rows that the engine holds gives the same state at any time.
 * - No row refers to a node, service or session that does not exist.
 */
export interface State
  extends
    NodeTables,
    ServiceTables,
    CheckTables,
    KvTables,
    KvHistoryTables,
    KvHistoryFloorTables,
    KvTrialTables,
    SessionTables,
    PreparedQueryTables,
    LockDelayTables,
    MemberTables,
    AutopilotTables,
    SigningAuthorityTables,
    AclPolicyTables,
    AclRoleTables,
    AclTokenTables,
    AclAuthMethodTables,
    AclBindingRuleTables,
    AclUserTables,
    AclBootstrapTables,
    TopicTables {
  /** The index of the newest write that changed anything. */
  readonly index: number;
  /**
   * The minimum of every topic's index: the index of the newest tombstone that was dropped to bound their number, or of the
   * newest restore, since a snapshot's rows may have lower indexes than clients have seen.
   */
  readonly tombstoneFloor: number;
  /** The size of all kept changes of keys, in bytes as stored. */
  readonly kvHistoryBytes: number;
}

interface TopicTables {
  /** The index of each topic to which at least one row belongs, except topics of single keys. */
  readonly topicIndexes: OrderedTable<number>;
  /** The index of the write that last removed a row from a topic, by topic. */
  readonly tombstones: OrderedTable<number>;
}

export type TableName = Exclude<keyof State, "index" | "tombstoneFloor" | "kvHistoryBytes">;
export type StateTable<Row = unknown> = Table<Row, TableName>;

/** The descriptors of all tables, in the order in which a snapshot has their rows. */
export const tables: readonly StateTable[] = [
  nodes,
  services,
  checks,
  kv,
  kvHistory,
  kvHistoryFloor,
  kvTrials,
  sessions,
  preparedQueries,
  lockDelays,
  members,
  autopilot,
  signingAuthority,
  aclPolicies,
  aclRoles,
  aclTokens,
  aclAuthMethods,
  aclBindingRules,
  aclUsers,
  aclBootstrap,
];

const tablesByName: ReadonlyMap<string, StateTable> = new Map(tables.map((table) => [table.name, table]));

/** Returns the table that has this name in the engine and in snapshots. */
export function tableNamed(name: string): StateTable | undefined {
  return tablesByName.get(name);
}

/** The properties of State that hold a table or an index. */
export const tableNames: readonly TableName[] = [
  ...tables.flatMap(({ rows, indexes }) => [rows, ...indexes.map(({ name }) => name)]),
  ...(["topicIndexes", "tombstones"] as const),
];

export const emptyState: State = {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the names are those of all properties that hold tables
  ...(Object.fromEntries(tableNames.map((name) => [name, OrderedMap.empty()])) as unknown as Pick<State, TableName>),
  index: 0,
  tombstoneFloor: 1,
  kvHistoryBytes: 0,
};

/** Returns the index of the last write that touched the topic: at least 1, and never lower than for an earlier state. */
export function topicIndex(state: State, topic: Topic): number {
  const key = keyOfTopic(topic);
  if (key !== undefined) return keyIndex(state, key, topic);
  const prefix = prefixOfTopic(topic);
  if (prefix !== undefined) return treeIndex(state, prefix);
  const live = state.topicIndexes.get(topic) ?? 0;
  return Math.max(live, state.tombstones.get(topic) ?? 0, state.tombstoneFloor);
}

function keyIndex(state: State, key: string, topic: Topic): number {
  const entry = state.kv.get(kvOrder(key));
  return Math.max(entry?.modifyIndex ?? state.tombstones.get(topic) ?? 0, state.tombstoneFloor);
}

function treeIndex(state: State, prefix: string): number {
  let index = 0;
  for (const [, entry] of state.kv.startingWith(kvOrder(prefix))) index = Math.max(index, entry.modifyIndex);
  for (const [, gone] of state.tombstones.startingWith(topics.key(prefix))) index = Math.max(index, gone);
  return Math.max(index, state.tombstoneFloor);
}
