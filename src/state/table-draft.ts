import type { OrderedMapEdit, OrderedTable } from "../lib/ordered-map.ts";

/**
 * A table while commands change it. The first change copies the table. `get` returns rows with all changes so far; an iteration
 * yields the table as it was when the iteration began, even if the loop changes it.
 */
export class TableDraft<V> implements OrderedTable<V> {
  #table: OrderedTable<V>;
  #edit: OrderedMapEdit<V> | undefined;
  /** The key that was read or written last, and its row: most rows are read several times before they are written. */
  #lastKey: string | undefined;
  #lastRow: V | undefined;

  constructor(table: OrderedTable<V>) {
    this.#table = table;
  }

  get size(): number {
    return this.finish().size;
  }

  get(key: string): V | undefined {
    if (key === this.#lastKey) return this.#lastRow;
    return this.#remember(key, (this.#edit ?? this.#table).get(key));
  }

  values(): IterableIterator<V> {
    return this.finish().values();
  }

  entries(): IterableIterator<[string, V]> {
    return this.finish().entries();
  }

  startingWith(prefix: string, after?: string): Generator<[string, V]> {
    return this.finish().startingWith(prefix, after);
  }

  before(key: string): readonly [string, V] | undefined {
    return (this.#edit ?? this.#table).before(key);
  }

  from(key: string): readonly [string, V] | undefined {
    return (this.#edit ?? this.#table).from(key);
  }

  edit(): OrderedMapEdit<V> {
    return this.finish().edit();
  }

  set(key: string, row: V): void {
    this.#edit ??= this.#table.edit();
    this.#edit.set(key, row);
    this.#remember(key, row);
  }

  delete(key: string): void {
    this.#edit ??= this.#table.edit();
    this.#edit.delete(key);
    this.#remember(key, undefined);
  }

  #remember(key: string, row: V | undefined): V | undefined {
    this.#lastKey = key;
    this.#lastRow = row;
    return row;
  }

  /** Returns the table with all changes so far. Later changes do not affect the returned table. */
  finish(): OrderedTable<V> {
    if (this.#edit) {
      this.#table = this.#edit.finish();
      this.#edit = undefined;
    }
    return this.#table;
  }
}
