import { everything, type Rights } from "../acl/rights.ts";
import type { OrderedMapEdit, OrderedTable } from "../lib/ordered-map.ts";
import { type State, tables } from "./state.ts";

/** Returns the state without the rows that a caller with these rights may not read. The indexes of topics stay as they are. */
export function narrow(state: State, rights: Rights): State {
  if (rights === everything) return state;
  const narrowed: Record<string, unknown> = { ...state };
  for (const table of tables) {
    const mayRead = (row: unknown): boolean => table.mayRead(row, rights);
    narrowed[table.rows] = new NarrowedTable(rowsOf(state, table.rows), mayRead);
    for (const { name, value } of table.indexes)
      // An index that holds names of rows shows no row: who finds a name in it looks up the row, which may be hidden.
      if (!value) narrowed[name] = new NarrowedTable(rowsOf(state, name), mayRead);
  }
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- each property has a table of the same rows
  return narrowed as unknown as State;
}

function rowsOf(state: State, name: keyof State): OrderedTable<unknown> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the names in descriptors are those of tables
  return state[name] as OrderedTable<unknown>;
}

/** The rows of a table that a caller may read. Each look at a row asks for the right to read it. */
class NarrowedTable<Row> implements OrderedTable<Row> {
  readonly #table: OrderedTable<Row>;
  readonly #mayRead: (row: Row) => boolean;

  constructor(table: OrderedTable<Row>, mayRead: (row: Row) => boolean) {
    this.#table = table;
    this.#mayRead = mayRead;
  }

  get size(): number {
    let size = 0;
    for (const row of this.#table.values()) if (this.#mayRead(row)) size += 1;
    return size;
  }

  get(key: string): Row | undefined {
    const row = this.#table.get(key);
    return row !== undefined && this.#mayRead(row) ? row : undefined;
  }

  *values(): Generator<Row> {
    for (const row of this.#table.values()) if (this.#mayRead(row)) yield row;
  }

  *entries(): Generator<[string, Row]> {
    for (const entry of this.#table.entries()) if (this.#mayRead(entry[1])) yield entry;
  }

  *startingWith(prefix: string, after?: string): Generator<[string, Row]> {
    for (const entry of this.#table.startingWith(prefix, after)) if (this.#mayRead(entry[1])) yield entry;
  }

  edit(): OrderedMapEdit<Row> {
    throw new Error("assertion failed: a narrowed state is only read");
  }
}
