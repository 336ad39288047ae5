import type { Batch, RowChange } from "../engine/engine.ts";
import { topicIndexesOf } from "./open-state.ts";
import { decodeIndex, storeTables, tombstoneFloorKey } from "./rows.ts";
import { StateEdit } from "./state-edit.ts";
import { tableNamed, type State, type StateTable } from "./state.ts";
import { modifyIndexOf } from "./tables/table.ts";
import { topics, type Topic } from "./topics.ts";

export interface AppliedRows {
  readonly state: State;
  /** The topics of all queries whose answers may have changed. */
  readonly touched: ReadonlySet<Topic>;
}

/**
 * Applies the rows that another server wrote. Returns the same state and the same touched topics that `apply` returned on that
 * server. `base` must equal the state to which that server applied the commands, and the changes must be in the order in which it
 * wrote them.
 *
 * A written row determines its topics, because the rows to which it refers are the same on both servers. The topics of a deleted
 * row follow from the tombstones after it in the batch: one for each topic that lost a row.
 */
export function applyRows(base: State, { revision, changes }: Batch): AppliedRows {
  const replica = new Replica(base);
  for (const change of changes) replica.take(change);
  return replica.finish(revision);
}

class Replica {
  #edit: StateEdit;
  readonly #touched = new Set<Topic>();
  #tombstoneFloor: number;

  constructor(base: State) {
    this.#edit = new StateEdit(base);
    this.#tombstoneFloor = base.tombstoneFloor;
  }

  take(change: RowChange): void {
    const table = tableNamed(change.table);
    if (table) this.#takeRow(table, change);
    else if (change.table === storeTables.tombstones) this.#takeTombstone(change);
    else if (change.table === storeTables.meta && change.key === tombstoneFloorKey) this.#takeFloor(change);
  }

  #takeRow(table: StateTable, { key, value }: RowChange): void {
    const known = this.#edit.get(table, key);
    if (value === undefined) {
      if (known !== undefined) this.#edit.delete(table, key, known);
      return;
    }
    const row = table.decode(value, key);
    this.#edit.put(table, key, row, known);
    for (const topic of table.topics(row, this.#edit.state, known)) {
      this.#touched.add(topic);
      if (!table.hasTopicPerRow) this.#edit.topicIndexes.set(topic, modifyIndexOf(row));
    }
  }

  #takeTombstone({ key: topic, value }: RowChange): void {
    if (value === undefined) return this.#edit.tombstones.delete(topic);
    this.#touched.add(topic);
    this.#edit.bury(topic, decodeIndex(value));
  }

  /**
   * Applies a new tombstone floor. It is the last change of a restore, which drops all tombstones, and of a command that dropped
   * the oldest tombstones because their number exceeded the maximum.
   */
  #takeFloor({ value }: RowChange): void {
    if (value === undefined) return;
    this.#tombstoneFloor = decodeIndex(value);
    if (this.#edit.tombstones.size > 0) return;
    const restored = this.#edit.finish(this.#tombstoneFloor, this.#tombstoneFloor);
    this.#edit = new StateEdit({ ...restored, topicIndexes: topicIndexesOf(restored) });
    this.#touched.clear();
    this.#touched.add(topics.everything);
  }

  finish(revision: number): AppliedRows {
    return { state: this.#edit.finish(revision, this.#tombstoneFloor), touched: this.#touched };
  }
}
