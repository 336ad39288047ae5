import type { Row } from "../engine/engine.ts";
import { OrderedMap } from "../lib/ordered-map.ts";
import { decodeIndex, storeTables, tombstoneFloorKey } from "./rows.ts";
import { StateEdit } from "./state-edit.ts";
import { emptyState, tableNamed, tables, type State } from "./state.ts";
import { modifyIndexOf } from "./tables/table.ts";
import type { Topic } from "./topics.ts";

export interface OpenedState {
  readonly state: State;
  /** The rows of the table `local`, which are no part of the state. */
  readonly local: readonly Row[];
}

/**
 * Builds the state from an engine's rows. It equals the state before the restart, except that a topic's index may be higher: the
 * restart sets it to the index of the topic's newest row, even if the row's last change did not concern the topic. For example,
 * a service's change of port then counts for the list of services, which has no ports. So a watcher may wake without a change.
 */
export function openState(rows: Iterable<Row>, revision: number): OpenedState {
  const local: Row[] = [];
  const builder = new StateBuilder();
  for (const row of rows) {
    if (row.table === storeTables.local) local.push(row);
    else builder.add(row);
  }
  return { state: builder.finish(revision), local };
}

/** Builds a state from its rows, which come in any order. */
export class StateBuilder {
  readonly #edit = new StateEdit();
  #tombstoneFloor = emptyState.tombstoneFloor;

  add({ table: name, key, value }: Row): void {
    const table = tableNamed(name);
    if (table) this.#edit.put(table, key, table.decode(value, key), undefined);
    else if (name === storeTables.tombstones) this.#edit.tombstones.set(key, decodeIndex(value));
    else if (name === storeTables.meta && key === tombstoneFloorKey) this.#tombstoneFloor = decodeIndex(value);
  }

  /** Returns the state with all added rows. The builder must not be used afterwards. */
  finish(index: number): State {
    const state = this.#edit.finish(index, this.#tombstoneFloor);
    return { ...state, topicIndexes: topicIndexesOf(state) };
  }
}

/** Returns the index of each topic, computed from the rows: the index of the newest row that belongs to the topic. */
export function topicIndexesOf(state: State): OrderedMap<number> {
  const highest = new Map<Topic, number>();
  for (const table of tables) {
    if (table.hasTopicPerRow) continue;
    for (const row of state[table.rows].values()) {
      const index = modifyIndexOf(row);
      for (const topic of table.topics(row, state)) if (index > (highest.get(topic) ?? 0)) highest.set(topic, index);
    }
  }
  const indexes = OrderedMap.empty<number>().edit();
  for (const [topic, index] of highest) indexes.set(topic, index);
  return indexes.finish();
}
