import type { Row, RowChange } from "../engine/engine.ts";
import type { OrderedTable } from "../lib/ordered-map.ts";
import type { LockDelay } from "../model/lock-delay.ts";
import { encodeIndex, encodeKv, encodeRow, tables } from "./rows.ts";
import type { State } from "./state.ts";

/** A table of the state whose rows an engine keeps. */
interface StoredTable {
  /** All rows, as the engine has them. */
  rows(state: State): Iterable<Row>;
  /** What turns the rows of one state into those of another. */
  changes(before: State, after: State): Iterable<RowChange>;
}

interface TableForm<V> {
  readonly table: string;
  readonly of: (state: State) => OrderedTable<V>;
  readonly encode: (row: V) => Uint8Array;
  /** The row's key in an engine; `place` is that in the state. */
  readonly keyOf: (row: V, place: string) => string;
}

const samePlace = (_row: unknown, place: string): string => place;
const ownKey = (row: { readonly key: string }): string => row.key;

/** What a snapshot holds: what clients have written, and nothing that tells of one run of one store. */
const snapshotTables: readonly StoredTable[] = [
  stored({ table: tables.nodes, of: (state) => state.nodes, encode: encodeRow, keyOf: samePlace }),
  stored({ table: tables.services, of: (state) => state.services, encode: encodeRow, keyOf: samePlace }),
  stored({ table: tables.checks, of: (state) => state.checks, encode: encodeRow, keyOf: samePlace }),
  stored({ table: tables.kv, of: (state) => state.kv, encode: encodeKv, keyOf: ownKey }),
  stored({ table: tables.sessions, of: (state) => state.sessions, encode: encodeRow, keyOf: samePlace }),
  stored({ table: tables.preparedQueries, of: (state) => state.preparedQueries, encode: encodeRow, keyOf: samePlace }),
];

const storedTables: readonly StoredTable[] = [
  ...snapshotTables,
  stored<LockDelay>({ table: tables.lockDelays, of: (state) => state.lockDelays, encode: encodeRow, keyOf: ownKey }),
  stored({ table: tables.tombstones, of: (state) => state.tombstones, encode: encodeIndex, keyOf: samePlace }),
];

/** The rows that a snapshot of the state holds, made one by one. */
export function* snapshotRows(state: State): Generator<Row> {
  for (const table of snapshotTables) yield* table.rows(state);
}

/** What an engine that has the rows of one state has to write, so that it has those of the other; without its floor. */
export function changesBetween(before: State, after: State): RowChange[] {
  const changes: RowChange[] = [];
  for (const table of storedTables) for (const change of table.changes(before, after)) changes.push(change);
  return changes;
}

function stored<V>({ table, of, encode, keyOf }: TableForm<V>): StoredTable {
  return {
    *rows(state) {
      for (const [place, row] of of(state).entries()) yield { table, key: keyOf(row, place), value: encode(row) };
    },
    *changes(before, after) {
      const [old, now] = [of(before), of(after)];
      if (old === now) return;
      for (const [place, row] of old.entries())
        if (now.get(place) === undefined) yield { table, key: keyOf(row, place), value: undefined };
      for (const [place, row] of now.entries()) {
        const known = old.get(place);
        const value = encode(row);
        if (known === undefined || Buffer.compare(encode(known), value) !== 0)
          yield { table, key: keyOf(row, place), value };
      }
    },
  };
}
