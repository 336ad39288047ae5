import type { RowChange } from "../engine/engine.ts";
import type { CheckRow } from "../model/check.ts";
import type { KvEntry } from "../model/kv-entry.ts";
import type { LockDelay } from "../model/lock-delay.ts";
import type { NodeRow } from "../model/node.ts";
import { isNamed, type PreparedQueryRow } from "../model/prepared-query.ts";
import type { ServiceRow } from "../model/service.ts";
import { checkIdsOf, type SessionRow } from "../model/session.ts";
import type { Stamp } from "./command.ts";
import { encodeIndex, encodeKv, encodeRow, tables, tombstoneFloorKey } from "./rows.ts";
import { connectKey, failingKey, kvOrder, lockedKey, rowKey, type State } from "./state.ts";
import { TableDraft } from "./table-draft.ts";
import { fold, topics, type Topic } from "./topics.ts";

/** Tombstones kept before the older half of them is dropped; a tombstone is some 100 bytes in memory and on disk. */
export const tombstonesMax = 8192;

/**
 * The next state while a command, or several, make it: reads see what they have done so far. Each change of a row touches
 * the topics of the row as it was and as it becomes, records what the engine has to write, and leaves a tombstone for
 * topics that no row present would tell of any more.
 */
export class Draft {
  readonly #base: State;
  /** The time of the command; see Stamp. */
  readonly nowMs: number;
  readonly touched: Set<Topic> = new Set();
  readonly changes: RowChange[] = [];
  readonly #tables: TableDrafts;
  /** What there is with all changes so far. */
  readonly state: State;
  #index: number;
  /** Of the newest command that has changed anything. */
  #changedIndex: number;

  constructor(base: State, { index, nowMs }: Stamp) {
    this.#base = base;
    this.#index = index;
    this.#changedIndex = base.index;
    this.nowMs = nowMs;
    this.#tables = draftTables(base);
    this.state = { ...this.#tables, index: base.index, tombstoneFloor: base.tombstoneFloor };
  }

  /** The index of the command. */
  get index(): number {
    return this.#index;
  }

  /** The next command begins; the last one's index is its own if it has changed nothing. */
  nextCommand(): void {
    this.#index = this.#changedIndex + 1;
  }

  finish(): State {
    if (this.changes.length === 0) return this.#base;
    const index = this.#changedIndex;
    const tombstoneFloor = this.#boundTombstones();
    return { ...finishTables(this.#tables), index, tombstoneFloor };
  }

  /** @param known the row of that name until now */
  putNode(row: NodeRow, known: NodeRow | undefined, touched: Iterable<Topic>): void {
    if (known && known.id !== row.id) this.#tables.nodeNames.delete(fold(known.id));
    this.#tables.nodes.set(rowKey(row.name), row);
    if (row.id !== "") this.#tables.nodeNames.set(fold(row.id), row.name);
    this.#write(tables.nodes, rowKey(row.name), encodeRow(row));
    this.#touchAll(touched);
  }

  deleteNode(row: NodeRow, touched: Iterable<Topic>): void {
    this.#tables.nodes.delete(rowKey(row.name));
    if (row.id !== "") this.#tables.nodeNames.delete(fold(row.id));
    this.#write(tables.nodes, rowKey(row.name), undefined);
    this.#bury(touched);
  }

  putService(row: ServiceRow, touched: Iterable<Topic>): void {
    const key = rowKey(row.node, row.id);
    this.#tables.services.set(key, row);
    this.#tables.serviceInstances.set(rowKey(row.name, row.node, row.id), row);
    const connect = connectKey(row);
    if (connect !== undefined) this.#tables.connectInstances.set(connect, row);
    this.#write(tables.services, key, encodeRow(row));
    this.#touchAll(touched);
  }

  deleteService(row: ServiceRow, touched: Iterable<Topic>): void {
    const key = rowKey(row.node, row.id);
    this.#tables.services.delete(key);
    this.#tables.serviceInstances.delete(rowKey(row.name, row.node, row.id));
    const connect = connectKey(row);
    if (connect !== undefined) this.#tables.connectInstances.delete(connect);
    this.#write(tables.services, key, undefined);
    this.#bury(touched);
  }

  /** @param known the row of that name until now */
  putCheck(row: CheckRow, known: CheckRow | undefined, touched: Iterable<Topic>): void {
    const key = rowKey(row.node, row.id);
    this.#tables.checks.set(key, row);
    if (known) this.#setFailing(known, undefined);
    this.#setFailing(row, row);
    this.#tables.serviceChecks.set(rowKey(row.node, row.serviceId, row.id), row);
    this.#write(tables.checks, key, encodeRow(row));
    this.#touchAll(touched);
  }

  deleteCheck(row: CheckRow, touched: Iterable<Topic>): void {
    const key = rowKey(row.node, row.id);
    this.#tables.checks.delete(key);
    this.#tables.serviceChecks.delete(rowKey(row.node, row.serviceId, row.id));
    this.#setFailing(row, undefined);
    this.#write(tables.checks, key, undefined);
    this.#bury(touched);
  }

  /** @param known the entry of that key until now */
  putKv(entry: KvEntry, known: KvEntry | undefined): void {
    const topic = topics.key(entry.key);
    // First of all: if it cannot be, the draft, which other commands may share, is as it was.
    const value = encodeKv(entry);
    this.#tables.kv.set(kvOrder(entry.key), entry);
    if (known && known.session !== "") this.#tables.sessionKeys.delete(lockedKey(known));
    if (entry.session !== "") this.#tables.sessionKeys.set(lockedKey(entry), kvOrder(entry.key));
    this.#write(tables.kv, entry.key, value);
    if (this.#tables.tombstones.get(topic) !== undefined) this.#forget(topic);
    this.touched.add(topic);
  }

  deleteKv(entry: KvEntry): void {
    this.#tables.kv.delete(kvOrder(entry.key));
    if (entry.session !== "") this.#tables.sessionKeys.delete(lockedKey(entry));
    this.#write(tables.kv, entry.key, undefined);
    this.#tombstone(topics.key(entry.key));
    this.touched.add(topics.key(entry.key));
  }

  putSession(row: SessionRow, touched: Iterable<Topic>): void {
    this.#tables.sessions.set(rowKey(row.id), row);
    this.#tables.nodeSessions.set(rowKey(row.node, row.id), row);
    for (const check of checkIdsOf(row)) this.#tables.checkSessions.set(rowKey(row.node, check, row.id), row.id);
    this.#write(tables.sessions, rowKey(row.id), encodeRow(row));
    this.#touchAll(touched);
  }

  deleteSession(row: SessionRow, touched: Iterable<Topic>): void {
    this.#tables.sessions.delete(rowKey(row.id));
    this.#tables.nodeSessions.delete(rowKey(row.node, row.id));
    for (const check of checkIdsOf(row)) this.#tables.checkSessions.delete(rowKey(row.node, check, row.id));
    this.#write(tables.sessions, rowKey(row.id), undefined);
    this.#bury(touched);
  }

  putLockDelay(delay: LockDelay): void {
    this.#tables.lockDelays.set(kvOrder(delay.key), delay);
    this.#write(tables.lockDelays, delay.key, encodeRow(delay));
  }

  deleteLockDelay({ key }: LockDelay): void {
    this.#tables.lockDelays.delete(kvOrder(key));
    this.#write(tables.lockDelays, key, undefined);
  }

  /** @param known the row of that id until now */
  putPreparedQuery(row: PreparedQueryRow, known: PreparedQueryRow | undefined, touched: Iterable<Topic>): void {
    if (known && isNamed(known)) this.#tables.preparedQueryNames.delete(fold(known.name));
    this.#tables.preparedQueries.set(rowKey(row.id), row);
    if (isNamed(row)) this.#tables.preparedQueryNames.set(fold(row.name), row);
    this.#write(tables.preparedQueries, rowKey(row.id), encodeRow(row));
    this.#touchAll(touched);
  }

  deletePreparedQuery(row: PreparedQueryRow, touched: Iterable<Topic>): void {
    this.#tables.preparedQueries.delete(rowKey(row.id));
    if (isNamed(row)) this.#tables.preparedQueryNames.delete(fold(row.name));
    this.#write(tables.preparedQueries, rowKey(row.id), undefined);
    this.#bury(touched);
  }

  /** Topics that a row which is still there no longer belongs to: its old status, its old name. */
  leave(left: Iterable<Topic>): void {
    this.#bury(left);
  }

  #setFailing(check: CheckRow, row: CheckRow | undefined): void {
    const key = failingKey(check);
    if (key === undefined) return;
    if (row) this.#tables.failingChecks.set(key, row);
    else this.#tables.failingChecks.delete(key);
  }

  #touchAll(touched: Iterable<Topic>): void {
    for (const topic of touched) {
      this.touched.add(topic);
      this.#tables.topicIndexes.set(topic, this.index);
    }
  }

  #bury(touched: Iterable<Topic>): void {
    for (const topic of touched) {
      this.touched.add(topic);
      // From here on the tombstone tells: a topic that nothing belongs to any more must not stay in memory.
      this.#tables.topicIndexes.delete(topic);
      this.#tombstone(topic);
    }
  }

  #tombstone(topic: Topic): void {
    this.#tables.tombstones.set(topic, this.index);
    this.#write(tables.tombstones, topic, encodeIndex(this.index));
  }

  #forget(topic: Topic): void {
    this.#tables.tombstones.delete(topic);
    this.#write(tables.tombstones, topic, undefined);
  }

  /** Drops old tombstones when there are too many. Returns the index below which none are kept. */
  #boundTombstones(): number {
    const { tombstones } = this.#tables;
    let floor = this.#base.tombstoneFloor;
    if (tombstones.size <= tombstonesMax) return floor;
    const oldestFirst = [...tombstones.entries()].toSorted(([, a], [, b]) => a - b);
    const dropped = oldestFirst.slice(0, oldestFirst.length - tombstonesMax / 2);
    for (const [topic] of dropped) this.#forget(topic);
    floor = dropped.at(-1)?.[1] ?? floor;
    this.#write(tables.meta, tombstoneFloorKey, encodeIndex(floor));
    return floor;
  }

  #write(table: string, key: string, value: Uint8Array | undefined): void {
    this.#changedIndex = this.#index;
    this.changes.push({ table, key, value });
  }
}

type TableDrafts = ReturnType<typeof draftTables>;

function draftTables(base: State) {
  return {
    nodes: new TableDraft(base.nodes),
    nodeNames: new TableDraft(base.nodeNames),
    services: new TableDraft(base.services),
    serviceInstances: new TableDraft(base.serviceInstances),
    connectInstances: new TableDraft(base.connectInstances),
    checks: new TableDraft(base.checks),
    serviceChecks: new TableDraft(base.serviceChecks),
    failingChecks: new TableDraft(base.failingChecks),
    kv: new TableDraft(base.kv),
    sessions: new TableDraft(base.sessions),
    nodeSessions: new TableDraft(base.nodeSessions),
    checkSessions: new TableDraft(base.checkSessions),
    sessionKeys: new TableDraft(base.sessionKeys),
    lockDelays: new TableDraft(base.lockDelays),
    preparedQueries: new TableDraft(base.preparedQueries),
    preparedQueryNames: new TableDraft(base.preparedQueryNames),
    topicIndexes: new TableDraft(base.topicIndexes),
    tombstones: new TableDraft(base.tombstones),
  };
}

function finishTables(drafts: TableDrafts): Omit<State, "index" | "tombstoneFloor"> {
  return {
    nodes: drafts.nodes.finish(),
    nodeNames: drafts.nodeNames.finish(),
    services: drafts.services.finish(),
    serviceInstances: drafts.serviceInstances.finish(),
    connectInstances: drafts.connectInstances.finish(),
    checks: drafts.checks.finish(),
    serviceChecks: drafts.serviceChecks.finish(),
    failingChecks: drafts.failingChecks.finish(),
    kv: drafts.kv.finish(),
    sessions: drafts.sessions.finish(),
    nodeSessions: drafts.nodeSessions.finish(),
    checkSessions: drafts.checkSessions.finish(),
    sessionKeys: drafts.sessionKeys.finish(),
    lockDelays: drafts.lockDelays.finish(),
    preparedQueries: drafts.preparedQueries.finish(),
    preparedQueryNames: drafts.preparedQueryNames.finish(),
    topicIndexes: drafts.topicIndexes.finish(),
    tombstones: drafts.tombstones.finish(),
  };
}
