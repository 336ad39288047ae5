import { type PackedRow, unpackRows } from "./batch-codec.ts";

/*
 * Merges many batches into one set of changes that has only the last change of each row. It yields the changes in the order of
 * the stored rows, so that a load merges changes and rows in one pass, and a fold writes the rows page after page.
 *
 *   batches, oldest first:  kv/b=1 kv/a=1   kv/b=2   kv/a deleted   nodes/n1=1
 *   merged:                 kv/a deleted, kv/b=2, nodes/n1=1
 */

/** A row as the file stores it: table, key and value as bytes, and the checksum over them. */
export interface StoredRow {
  readonly table: Uint8Array;
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  readonly checksum: number;
}

export class RowChanges {
  /** Changes by table, then key. Table and key are strings with one character for each UTF-8 byte, which sort as the bytes do. */
  readonly #tables = new Map<string, Map<string, PackedRow>>();

  /**
   * Adds a batch that is newer than all batches added before. Keeps views of the block: the caller must not change it.
   * @throws RangeError when the block is not a sequence of rows
   */
  add(block: ArrayBuffer | Uint8Array<ArrayBuffer>): void {
    for (const row of unpackRows(block)) this.#tableOf(row.tableBytes).set(row.keyBytes, row);
  }

  #tableOf(name: string): Map<string, PackedRow> {
    const known = this.#tables.get(name);
    if (known !== undefined) return known;
    const table = new Map<string, PackedRow>();
    this.#tables.set(name, table);
    return table;
  }

  *inOrder(): Generator<PackedRow> {
    for (const [, table] of inKeyOrder(this.#tables)) for (const [, row] of inKeyOrder(table)) yield row;
  }

  /**
   * Yields the stored rows, which must be ordered, with these changes applied. A deleted row is yielded as a change without
   * a value.
   */
  *appliedTo(stored: Iterable<StoredRow>): Generator<StoredRow | PackedRow> {
    const changes = this.inOrder();
    let change = nextOf(changes);
    for (const row of stored) {
      let order = change === undefined ? 1 : compareNames(change, row);
      while (change !== undefined && order < 0) {
        yield change;
        change = nextOf(changes);
        order = change === undefined ? 1 : compareNames(change, row);
      }
      // A change with the same table and key (order 0) replaces the row. The loops yield the change, before the next row or after
      // the last.
      if (order !== 0) yield row;
    }
    for (; change !== undefined; change = nextOf(changes)) yield change;
  }
}

function* inKeyOrder<V>(map: ReadonlyMap<string, V>): Generator<[string, V]> {
  for (const key of [...map.keys()].toSorted()) {
    const value = map.get(key);
    if (value !== undefined) yield [key, value];
  }
}

function nextOf(changes: Generator<PackedRow>): PackedRow | undefined {
  const next = changes.next();
  return next.done === true ? undefined : next.value;
}

function compareNames(a: PackedRow, b: StoredRow): number {
  return Buffer.compare(a.table, b.table) || Buffer.compare(a.key, b.key);
}
