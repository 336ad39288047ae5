import type { RowChange } from "../engine/engine.ts";
import type { Stamp } from "./command.ts";
import { encodeIndex, storeTables, tombstoneFloorKey } from "./rows.ts";
import { StateEdit } from "./state-edit.ts";
import type { State, StateTable } from "./state.ts";
import type { Topic } from "./topics.ts";

/** The draft drops the older half of the tombstones beyond this number. Each takes some 100 bytes in memory and on disk. */
export const tombstonesMax = 8192;

/**
 * The next state while one or several commands make it: reads show what they have done so far. Each change of a row touches
 * the topics of the old row and the new one, records what the engine must write, and leaves a tombstone for each topic
 * that a row has left.
 */
export class Draft {
  readonly #base: State;
  /** The time of the command; see Stamp. */
  readonly nowMs: number;
  readonly touched: Set<Topic> = new Set();
  readonly changes: RowChange[] = [];
  readonly #edit: StateEdit;
  /** Shows all changes so far. */
  readonly state: State;
  #index: number;
  /** The index of the newest command that has changed anything. */
  #changedIndex: number;

  constructor(base: State, { index, nowMs }: Stamp) {
    this.#base = base;
    this.#index = index;
    this.#changedIndex = base.index;
    this.nowMs = nowMs;
    this.#edit = new StateEdit(base);
    this.state = this.#edit.state;
  }

  /** The index of the command. */
  get index(): number {
    return this.#index;
  }

  /** Begins the next command, which gets the same index if the one before has changed nothing. */
  nextCommand(): void {
    this.#index = this.#changedIndex + 1;
  }

  finish(): State {
    if (this.changes.length === 0) return this.#base;
    const tombstoneFloor = this.#boundTombstones();
    return this.#edit.finish(this.#changedIndex, tombstoneFloor);
  }

  /** @param known the row with that key until now */
  put<Row>(table: StateTable<Row>, row: Row, known: Row | undefined): void {
    const key = table.key(row);
    // A row that cannot be encoded throws here, and leaves the draft, which commands may share, as it was.
    const value = table.encode(row);
    this.#edit.put(table, key, row, known);
    this.#write(table.name, key, value);
    for (const topic of table.topics(row, this.state, known)) {
      this.touched.add(topic);
      if (!table.hasTopicPerRow) this.#edit.topicIndexes.set(topic, this.#index);
      else if (this.#edit.tombstones.get(topic) !== undefined) this.#forget(topic);
    }
  }

  delete<Row>(table: StateTable<Row>, row: Row): void {
    const key = table.key(row);
    this.#edit.delete(table, key, row);
    this.#write(table.name, key, undefined);
    this.leave(table.topics(row, this.state));
  }

  /** Records that a row no longer belongs to these topics: it is deleted, or has another status or name. */
  leave(left: Iterable<Topic>): void {
    for (const topic of left) {
      this.touched.add(topic);
      // The tombstone has the topic's index now. A topic that no row belongs to any more must not stay in memory.
      if (this.#edit.topicIndexes.get(topic) !== undefined) this.#edit.topicIndexes.delete(topic);
      this.#edit.tombstones.set(topic, this.#index);
      this.#write(storeTables.tombstones, topic, encodeIndex(this.#index));
    }
  }

  /** Writes a row that is no part of the state: it has no topic and no index. */
  writeLocal(key: string, value: Uint8Array | undefined): void {
    this.#write(storeTables.local, key, value);
  }

  #forget(topic: Topic): void {
    this.#edit.tombstones.delete(topic);
    this.#write(storeTables.tombstones, topic, undefined);
  }

  /** Drops the older half of the tombstones if there are too many, and returns the floor of all indexes. */
  #boundTombstones(): number {
    const { tombstones } = this.#edit;
    let floor = this.#base.tombstoneFloor;
    if (tombstones.size <= tombstonesMax) return floor;
    const oldestFirst = [...tombstones.entries()].toSorted(([, a], [, b]) => a - b);
    const dropped = oldestFirst.slice(0, oldestFirst.length - tombstonesMax / 2);
    for (const [topic] of dropped) this.#forget(topic);
    floor = dropped.at(-1)?.[1] ?? floor;
    this.#write(storeTables.meta, tombstoneFloorKey, encodeIndex(floor));
    return floor;
  }

  #write(table: string, key: string, value: Uint8Array | undefined): void {
    this.#changedIndex = this.#index;
    this.changes.push({ table, key, value });
  }
}
