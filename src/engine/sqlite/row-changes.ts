import { type PackedRow, unpackRows } from "./batch-codec.ts";

/*
 * Many batches merged into one set of changes: of each row only the last change is kept, and they come out in the order
 * of the stored rows, so that the two can be merged in one pass and rows are written page after page.
 *
 *   batches, oldest first:  kv/b=1 kv/a=1   kv/b=2   kv/a deleted   nodes/n1=1
 *   merged:                 kv/a deleted, kv/b=2, nodes/n1=1
 */

/** A row as it is stored: names and value as they lie in the file. */
export interface StoredRow {
  readonly table: Uint8Array;
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  readonly checksum: number;
}

export class RowChanges {
  /** Table, then key, with a character for each byte: the default order of such texts is that of the bytes. */
  readonly #tables = new Map<string, Map<string, PackedRow>>();

  /**
   * Adds what came after all that was added before. The rows are views of the block until the changes are let go of.
   * @throws RangeError when the block is no sequence of rows
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

  /** The stored rows, which are ordered, as they are once these changes are made. */
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
      // An equal change replaces the row; it is yielded before the next row or after the last.
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
