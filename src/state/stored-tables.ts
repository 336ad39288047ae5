import type { Row, RowChange } from "../engine/engine.ts";
import type { OrderedTable } from "../lib/ordered-map.ts";
import { encodeIndex, storeTables } from "./rows.ts";
import { tables, type State } from "./state.ts";

/** Encodes the rows of one table as an engine stores them. */
interface StoredForm<V> {
  readonly name: string;
  /** Returns the row's key in the engine. @param place the row's key in the state's table */
  key(row: V, place: string): string;
  encode(row: V): Uint8Array;
}

const tombstones: StoredForm<number> = {
  name: storeTables.tombstones,
  key: (_index, topic) => topic,
  encode: encodeIndex,
};

/** Yields the rows that a snapshot of the state holds: what clients have written, without lock delays and tombstones. */
export function* snapshotRows(state: State): Generator<Row> {
  for (const table of tables) {
    if (!table.isSound) continue;
    for (const row of state[table.rows].values())
      yield { table: table.name, key: table.key(row), value: table.encode(row) };
  }
}

/** Returns the changes of rows that turn one state into another, except the change of the tombstone floor. */
export function changesBetween(before: State, after: State): RowChange[] {
  const changes: RowChange[] = [];
  for (const table of tables) addChanges(changes, table, before[table.rows], after[table.rows]);
  addChanges(changes, tombstones, before.tombstones, after.tombstones);
  return changes;
}

type Rows<V> = Pick<OrderedTable<V>, "get" | "entries">;

function addChanges<V>(changes: RowChange[], form: StoredForm<V>, old: Rows<V>, now: Rows<V>): void {
  if (old === now) return;
  const table = form.name;
  for (const [place, row] of old.entries())
    if (now.get(place) === undefined) changes.push({ table, key: form.key(row, place), value: undefined });
  for (const [place, row] of now.entries()) {
    const known = old.get(place);
    const value = form.encode(row);
    if (known === undefined || Buffer.compare(form.encode(known), value) !== 0)
      changes.push({ table, key: form.key(row, place), value });
  }
}
