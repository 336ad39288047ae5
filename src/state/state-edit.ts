import type { OrderedTable } from "../lib/ordered-map.ts";
import { emptyState, tableNames, type State, type StateTable, type TableName } from "./state.ts";
import { TableDraft } from "./table-draft.ts";
import { nowhere, type Index } from "./tables/table.ts";
import type { Topic } from "./topics.ts";

type Drafts = Readonly<Record<TableName, TableDraft<unknown>>>;

/** Builds the next state from the rows that its callers put and delete, and keeps the indexes of each table up to date. */
export class StateEdit {
  readonly #base: State;
  #kvHistoryBytes: number;
  readonly #drafts: Drafts;
  /** The state with all changes so far. */
  readonly state: State;
  readonly topicIndexes: TableDraft<number>;
  readonly tombstones: TableDraft<number>;

  constructor(base: State = emptyState) {
    this.#base = base;
    this.#kvHistoryBytes = base.kvHistoryBytes;
    this.topicIndexes = new TableDraft(base.topicIndexes);
    this.tombstones = new TableDraft(base.tombstones);
    const state: Record<string, unknown> = { ...base };
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- `put` and `delete` change a table by its descriptor
    for (const name of tableNames) state[name] = new TableDraft(base[name] as OrderedTable<unknown>);
    state["topicIndexes"] = this.topicIndexes;
    state["tombstones"] = this.tombstones;
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- each table is replaced by a draft of itself
    this.#drafts = state as unknown as Drafts;
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a draft has the methods of its table
    this.state = state as unknown as State;
  }

  /** The size of all kept changes of keys, in bytes as stored, with all changes so far. */
  get kvHistoryBytes(): number {
    return this.#kvHistoryBytes;
  }

  /** Returns the row that the engine stores under this key, with all changes so far, or undefined if no such row exists. */
  get<Row>(table: StateTable<Row>, key: string): Row | undefined {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- only `put` writes to the table, and takes rows of this type
    return this.#drafts[table.rows].get(table.place(key)) as Row | undefined;
  }

  /** Writes a row. @param known the row that it replaces, if any */
  put<Row>(table: StateTable<Row>, key: string, row: Row, known: Row | undefined): void {
    this.#drafts[table.rows].set(table.place(key), row);
    if (table.weight) this.#kvHistoryBytes += table.weight(row) - (known === undefined ? 0 : table.weight(known));
    for (const index of table.indexes) {
      const places = index.places(row);
      if (places === nowhere && known === undefined) continue;
      if (index.isGrouped) {
        this.#regroup(index, known, row);
        continue;
      }
      if (known !== undefined) this.#unlist(index, known, places);
      for (const place of places) this.#drafts[index.name].set(place, valueIn(index, row));
    }
  }

  delete<Row>(table: StateTable<Row>, key: string, known: Row): void {
    this.#drafts[table.rows].delete(table.place(key));
    if (table.weight) this.#kvHistoryBytes -= table.weight(known);
    for (const index of table.indexes)
      if (index.isGrouped) this.#regroup(index, known, undefined);
      else this.#unlist(index, known, []);
  }

  /** Removes a row from its list in a grouped index, and adds another to its own. */
  #regroup<Row>(index: Index<Row, TableName>, known: Row | undefined, next: Row | undefined): void {
    const draft = this.#drafts[index.name];
    const listAt = (place: string): readonly unknown[] => {
      const list = draft.get(place);
      return Array.isArray(list) ? list : [];
    };
    for (const place of known === undefined ? [] : index.places(known)) {
      const left = listAt(place).filter((row) => row !== known);
      if (left.length === 0) draft.delete(place);
      else draft.set(place, left);
    }
    for (const place of next === undefined ? [] : index.places(next)) draft.set(place, [...listAt(place), next]);
  }

  /**
   * Removes a row from an index, except from the index keys in `kept`, and from those under which the index now holds another
   * row.
   */
  #unlist<Row>(index: Index<Row, TableName>, known: Row, kept: readonly string[]): void {
    const draft = this.#drafts[index.name];
    for (const place of index.places(known))
      if (!kept.includes(place) && draft.get(place) === valueIn(index, known)) draft.delete(place);
  }

  /** Stores a topic's index in a tombstone, not in `topicIndexes`, so that topics without rows do not accumulate in memory. */
  bury(topic: Topic, index: number): void {
    if (this.topicIndexes.get(topic) !== undefined) this.topicIndexes.delete(topic);
    this.tombstones.set(topic, index);
  }

  finish(index: number, tombstoneFloor: number): State {
    const state: Record<string, unknown> = {
      ...{ ...this.#base, index, tombstoneFloor },
      kvHistoryBytes: this.#kvHistoryBytes,
    };
    for (const name of tableNames) state[name] = this.#drafts[name].finish();
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- each draft is replaced by the table that it made
    return state as unknown as State;
  }
}

function valueIn<Row>(index: Index<Row>, row: Row): unknown {
  return index.value ? index.value(row) : row;
}
