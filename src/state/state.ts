import { OrderedMap, type OrderedTable } from "../lib/ordered-map.ts";
import type { CheckRow } from "../model/check.ts";
import type { KvEntry } from "../model/kv-entry.ts";
import type { LockDelay } from "../model/lock-delay.ts";
import type { NodeRow } from "../model/node.ts";
import type { PreparedQueryRow } from "../model/prepared-query.ts";
import { connectName, type ServiceRow } from "../model/service.ts";
import type { SessionRow } from "../model/session.ts";
import { keyOfTopic, prefixOfTopic, topics, type Topic } from "./topics.ts";

/**
 * Everything the registry knows, as one immutable value. `apply` makes the next one; a reader keeps the one it has.
 *
 * Rows are in one table each; `serviceInstances`, `connectInstances`, `serviceChecks` and `failingChecks` hold the same
 * rows in another order, so that the rows of one service, or the failing ones, are found without a look at all others.
 */
export interface State {
  /** The index of the newest write that changed anything. */
  readonly index: number;
  /** By folded name. */
  readonly nodes: OrderedTable<NodeRow>;
  /** The name of each node that has an id, by folded id. */
  readonly nodeNames: OrderedTable<string>;
  /** By node, service id. */
  readonly services: OrderedTable<ServiceRow>;
  /** By service name, node, service id. */
  readonly serviceInstances: OrderedTable<ServiceRow>;
  /** Sidecar proxies and Connect-native instances: by the name of the service that they are for, node, service id. */
  readonly connectInstances: OrderedTable<ServiceRow>;
  /** By node, check id. */
  readonly checks: OrderedTable<CheckRow>;
  /** By node, service id ("" for the node's own), check id. */
  readonly serviceChecks: OrderedTable<CheckRow>;
  /** Those that are not passing, which are few: by status, node, check id. */
  readonly failingChecks: OrderedTable<CheckRow>;
  /** By key, in the order of the keys' UTF-8 bytes (see kvOrder). */
  readonly kv: OrderedTable<KvEntry>;
  /** By folded id. */
  readonly sessions: OrderedTable<SessionRow>;
  /** By node, session id. */
  readonly nodeSessions: OrderedTable<SessionRow>;
  /** The id of each session that a check's end would end: by node, check id, session id. */
  readonly checkSessions: OrderedTable<string>;
  /** Where in `kv` each locked key is: by session id, and then the key as in `kv`. */
  readonly sessionKeys: OrderedTable<string>;
  /** By key, as in `kv`. */
  readonly lockDelays: OrderedTable<LockDelay>;
  /** By folded id. */
  readonly preparedQueries: OrderedTable<PreparedQueryRow>;
  /** By folded name; "" is the template of all names that have no other. */
  readonly preparedQueryNames: OrderedTable<PreparedQueryRow>;
  /** Index of each topic that the rows present tell. */
  readonly topicIndexes: OrderedTable<number>;
  /** Index of each topic that lost a row: what the rows present no longer tell. */
  readonly tombstones: OrderedTable<number>;
  /**
   * No topic's index is below this: that of the newest tombstone that was dropped, to bound their number or because a
   * snapshot was restored, whose rows are older than what was told before.
   */
  readonly tombstoneFloor: number;
}

export const emptyState: State = {
  index: 0,
  nodes: OrderedMap.empty(),
  nodeNames: OrderedMap.empty(),
  services: OrderedMap.empty(),
  serviceInstances: OrderedMap.empty(),
  connectInstances: OrderedMap.empty(),
  checks: OrderedMap.empty(),
  serviceChecks: OrderedMap.empty(),
  failingChecks: OrderedMap.empty(),
  kv: OrderedMap.empty(),
  sessions: OrderedMap.empty(),
  nodeSessions: OrderedMap.empty(),
  checkSessions: OrderedMap.empty(),
  sessionKeys: OrderedMap.empty(),
  lockDelays: OrderedMap.empty(),
  preparedQueries: OrderedMap.empty(),
  preparedQueryNames: OrderedMap.empty(),
  topicIndexes: OrderedMap.empty(),
  tombstones: OrderedMap.empty(),
  tombstoneFloor: 1,
};

/**
 * Joins the parts of a row's key. Each part ends in two NULs, and a NUL within a part is followed by U+0001, so that no
 * two rows share a key and no part is the beginning of another.
 */
export function rowKey(...parts: readonly string[]): string {
  let key = "";
  for (const part of parts) key += `${part.toLowerCase().replaceAll("\0", "\0\u0001")}\0\0`;
  return key;
}

/**
 * JavaScript compares strings by UTF-16 code units, Consul by UTF-8 bytes. They differ only above U+D7FF, where the
 * surrogates must come last: there the units are moved, one to one, to where the bytes sort them.
 */
export function kvOrder(key: string): string {
  return /[\ud800-\uffff]/.test(key) ? key.replace(/[\ud800-\uffff]/g, moveUnit) : key;
}

function moveUnit(character: string): string {
  const unit = character.charCodeAt(0);
  return String.fromCharCode(unit < 0xe000 ? unit + 0x2000 : unit - 0x800);
}

/** The key in State.sessionKeys of an entry that is locked. */
export function lockedKey(entry: KvEntry): string {
  return rowKey(entry.session) + kvOrder(entry.key);
}

/** The key in State.connectInstances of a service that has a place there. */
export function connectKey(service: ServiceRow): string | undefined {
  const name = connectName(service);
  return name === undefined ? undefined : rowKey(name, service.node, service.id);
}

/** The key in State.failingChecks of a check that has a place there. */
export function failingKey({ status, node, id }: CheckRow): string | undefined {
  return status === "passing" ? undefined : rowKey(status, node, id);
}

/** The index of the last write that touched the topic; at least 1, and never lower than it was before. */
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
