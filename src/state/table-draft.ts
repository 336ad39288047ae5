import type { OrderedMap, OrderedMapEdit } from "../lib/ordered-map.ts";

/** One table while a command changes it: copied with the first change, and not at all without one. */
export class TableDraft<V> {
  #table: OrderedMap<V>;
  #edit: OrderedMapEdit<V> | undefined;

  constructor(table: OrderedMap<V>) {
    this.#table = table;
  }

  get(key: string): V | undefined {
    return (this.#edit ?? this.#table).get(key);
  }

  set(key: string, row: V): void {
    this.#edit ??= this.#table.edit();
    this.#edit.set(key, row);
  }

  delete(key: string): void {
    this.#edit ??= this.#table.edit();
    this.#edit.delete(key);
  }

  /** The table with all changes so far; more can follow. */
  finish(): OrderedMap<V> {
    if (this.#edit) {
      this.#table = this.#edit.finish();
      this.#edit = undefined;
    }
    return this.#table;
  }
}
