import type { RowChange } from "../engine/engine.ts";
import type { OrderedMap, OrderedMapEdit } from "../lib/ordered-map.ts";
import type { CheckRow } from "../model/check.ts";
import type { KvEntry } from "../model/kv-entry.ts";
import type { NodeRow } from "../model/node.ts";
import type { ServiceRow } from "../model/service.ts";
import { encodeIndex, encodeKv, encodeRow, tables, tombstoneFloorKey } from "./rows.ts";
import { kvOrder, rowKey, type State } from "./state.ts";
import { fold, topics, type Topic } from "./topics.ts";

/** Tombstones kept before the older half of them is dropped; a tombstone is some 100 bytes in memory and on disk. */
export const tombstonesMax = 8192;

/**
 * The next state while one command makes it: reads see what the command has done so far. Each change of a row touches
 * the topics of the row as it was and as it becomes, records what the engine has to write, and leaves a tombstone for
 * topics that no row present would tell of any more.
 */
export class Draft {
  readonly base: State;
  /** The index of the command. */
  readonly index: number;
  readonly touched: Set<Topic> = new Set();
  readonly changes: RowChange[] = [];
  readonly #edits: { [T in TableName]?: OrderedMapEdit<TableRow<T>> } = {};
  #current: State;

  constructor(base: State, index: number) {
    this.base = base;
    this.index = index;
    this.#current = base;
  }

  get changed(): boolean {
    return this.changes.length > 0;
  }

  /** The state with all changes so far. */
  get state(): State {
    const finished: Partial<Record<TableName, unknown>> = {};
    let edited = false;
    for (const name of Object.keys(this.#edits) as TableName[]) {
      finished[name] = this.#edits[name]?.finish();
      delete this.#edits[name];
      edited = true;
    }
    if (edited) this.#current = { ...this.#current, ...(finished as Partial<State>) };
    return this.#current;
  }

  finish(): State {
    this.#boundTombstones();
    return this.changed ? { ...this.state, index: this.index } : this.base;
  }

  /** @param known the row of that name until now */
  putNode(row: NodeRow, known: NodeRow | undefined, touched: Iterable<Topic>): void {
    if (known && known.id !== row.id) this.#delete("nodeNames", fold(known.id));
    this.#set("nodes", rowKey(row.name), row);
    if (row.id !== "") this.#set("nodeNames", fold(row.id), row.name);
    this.#write(tables.nodes, rowKey(row.name), encodeRow(row));
    this.#touchAll(touched);
  }

  deleteNode(row: NodeRow, touched: Iterable<Topic>): void {
    this.#delete("nodes", rowKey(row.name));
    if (row.id !== "") this.#delete("nodeNames", fold(row.id));
    this.#write(tables.nodes, rowKey(row.name), undefined);
    this.#bury(touched);
  }

  putService(row: ServiceRow, touched: Iterable<Topic>): void {
    const key = rowKey(row.node, row.id);
    this.#set("services", key, row);
    this.#set("serviceInstances", rowKey(row.name, row.node, row.id), row);
    this.#write(tables.services, key, encodeRow(row));
    this.#touchAll(touched);
  }

  deleteService(row: ServiceRow, touched: Iterable<Topic>): void {
    const key = rowKey(row.node, row.id);
    this.#delete("services", key);
    this.#delete("serviceInstances", rowKey(row.name, row.node, row.id));
    this.#write(tables.services, key, undefined);
    this.#bury(touched);
  }

  putCheck(row: CheckRow, touched: Iterable<Topic>): void {
    const key = rowKey(row.node, row.id);
    this.#set("checks", key, row);
    this.#set("serviceChecks", rowKey(row.node, row.serviceId, row.id), row);
    this.#write(tables.checks, key, encodeRow(row));
    this.#touchAll(touched);
  }

  deleteCheck(row: CheckRow, touched: Iterable<Topic>): void {
    const key = rowKey(row.node, row.id);
    this.#delete("checks", key);
    this.#delete("serviceChecks", rowKey(row.node, row.serviceId, row.id));
    this.#write(tables.checks, key, undefined);
    this.#bury(touched);
  }

  putKv(entry: KvEntry): void {
    const topic = topics.key(entry.key);
    this.#set("kv", kvOrder(entry.key), entry);
    this.#write(tables.kv, entry.key, encodeKv(entry));
    if (this.base.tombstones.get(topic) !== undefined) this.#forget(topic);
    this.touched.add(topic);
  }

  deleteKv(entry: KvEntry): void {
    this.#delete("kv", kvOrder(entry.key));
    this.#write(tables.kv, entry.key, undefined);
    this.#tombstone(topics.key(entry.key));
    this.touched.add(topics.key(entry.key));
  }

  /** For rows that are kept beside the state: no topic, no index. */
  writeLocal(key: string, value: Uint8Array | undefined): void {
    this.#write(tables.local, key, value);
  }

  /** Topics that a row which is still there no longer belongs to: its old status, its old name. */
  leave(left: Iterable<Topic>): void {
    this.#bury(left);
  }

  #touchAll(touched: Iterable<Topic>): void {
    for (const topic of touched) {
      this.touched.add(topic);
      this.#set("topicIndexes", topic, this.index);
    }
  }

  #bury(touched: Iterable<Topic>): void {
    for (const topic of touched) {
      this.touched.add(topic);
      // From here on the tombstone tells: a topic that nothing belongs to any more must not stay in memory.
      this.#delete("topicIndexes", topic);
      this.#tombstone(topic);
    }
  }

  #tombstone(topic: Topic): void {
    this.#set("tombstones", topic, this.index);
    this.#write(tables.tombstones, topic, encodeIndex(this.index));
  }

  #forget(topic: Topic): void {
    this.#delete("tombstones", topic);
    this.#write(tables.tombstones, topic, undefined);
  }

  #boundTombstones(): void {
    if (this.changes.length === 0 || this.state.tombstones.size <= tombstonesMax) return;
    const oldestFirst = [...this.state.tombstones.entries()].toSorted(([, a], [, b]) => a - b);
    const dropped = oldestFirst.slice(0, oldestFirst.length - tombstonesMax / 2);
    for (const [topic] of dropped) this.#forget(topic);
    const floor = dropped.at(-1)?.[1] ?? 0;
    this.#current = { ...this.state, tombstoneFloor: floor };
    this.#write(tables.meta, tombstoneFloorKey, encodeIndex(floor));
  }

  #set<T extends TableName>(name: T, key: string, row: TableRow<T>): void {
    this.#edit(name).set(key, row);
  }

  #delete(name: TableName, key: string): void {
    this.#edit(name).delete(key);
  }

  #edit<T extends TableName>(name: T): OrderedMapEdit<TableRow<T>> {
    // The compiler cannot see that #edits[name] and the table of that name hold the same rows.
    const edits = this.#edits as Record<T, OrderedMapEdit<TableRow<T>> | undefined>;
    return (edits[name] ??= (this.#current[name] as unknown as OrderedMap<TableRow<T>>).edit());
  }

  #write(table: string, key: string, value: Uint8Array | undefined): void {
    this.changes.push({ table, key, value });
  }
}

type TableName = {
  [K in keyof State]: State[K] extends OrderedMap<infer _> ? K : never;
}[keyof State];
type TableRow<T extends TableName> = State[T] extends OrderedMap<infer V> ? V : never;
