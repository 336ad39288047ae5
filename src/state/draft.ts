import type { RowChange } from "../engine/engine.ts";
import { type Cause, unknownCause } from "../model/kv-history.ts";
import type { ValueOrigin } from "../model/value-origin.ts";
import type { Keeping, Stamp } from "./command.ts";
import { encodeIndex, storeTables, tombstoneFloorKey } from "./rows.ts";
import { StateEdit } from "./state-edit.ts";
import type { State, StateTable } from "./state.ts";
import type { Topic } from "./topics.ts";

/**
 * Maximum number of tombstones. Beyond it, the draft drops the oldest ones until half of the maximum remain. A tombstone takes
 * some 100 bytes in memory and on disk.
 */
export const tombstonesMax = 8192;

/**
 * The next state while one or several commands change it. Reads include the changes so far. Each change of a row touches
 * the topics of the old and the new row, and records what the engine must write. A tombstone keeps the index of each topic
 * to which the old row belonged and the new row does not.
 */
export class Draft {
  readonly #base: State;
  /** The state's time in milliseconds at which the command runs; see Stamp. */
  readonly nowMs: number;
  readonly keeping: Keeping | undefined;
  /** The cause of the current command's changes of keys. */
  cause: Cause = unknownCause;
  /** Where the values that the current command writes come from. */
  origin: ValueOrigin = "";
  /** The prefixes below which the current command leaves the values of operators, and the keys that it has left so. */
  sparing: readonly string[] = [];
  spared: string[] = [];
  /** Whether updates of the current command may be left out of the past, as steps of a burst. A rollback or a trial is no step. */
  mayFold = false;
  readonly touched: Set<Topic> = new Set();
  readonly changes: RowChange[] = [];
  readonly #edit: StateEdit;
  /** The state with all changes so far. */
  readonly state: State;
  #index: number;
  /** The number of changes of keys with the current index that are kept. */
  #kept = 0;
  /** The index of the newest command that has changed anything. */
  #changedIndex: number;

  constructor(base: State, { index, nowMs, keeping }: Stamp) {
    this.#base = base;
    this.#index = index;
    this.#changedIndex = base.index;
    this.nowMs = nowMs;
    this.keeping = keeping;
    this.#edit = new StateEdit(base);
    this.state = this.#edit.state;
  }

  /** The index of the current command. */
  get index(): number {
    return this.#index;
  }

  /** Begins the next command, which gets the previous command's index again if that command changed nothing. */
  nextCommand(): void {
    this.#index = this.#changedIndex + 1;
    this.#kept = 0;
  }

  /** The size of all kept changes of keys, in bytes as stored. */
  get kvHistoryBytes(): number {
    return this.#edit.kvHistoryBytes;
  }

  /** Returns the number of the next kept change of a key among those with the current index. */
  nextKept(): number {
    return this.#kept++;
  }

  finish(): State {
    if (this.changes.length === 0) return this.#base;
    const tombstoneFloor = this.#boundTombstones();
    return this.#edit.finish(this.#changedIndex, tombstoneFloor);
  }

  /** Writes a row. @param known the row that it replaces, if any */
  put<Row>(table: StateTable<Row>, row: Row, known: Row | undefined): void {
    const key = table.key(row);
    // A row that cannot be encoded must throw before the draft changes, because other commands may share the draft.
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

  /** Records that a row no longer belongs to these topics, because it was deleted or has another status or name. */
  leave(left: Iterable<Topic>): void {
    for (const topic of left) {
      this.touched.add(topic);
      this.#edit.bury(topic, this.#index);
      this.#write(storeTables.tombstones, topic, encodeIndex(this.#index));
    }
  }

  #forget(topic: Topic): void {
    this.#edit.tombstones.delete(topic);
    this.#write(storeTables.tombstones, topic, undefined);
  }

  /** Drops the oldest tombstones if there are more than `tombstonesMax`. Returns the tombstone floor, which may have risen. */
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
