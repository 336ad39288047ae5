import { everything, type Rights } from "../acl/rights.ts";
import type { OrderedMapEdit, OrderedTable } from "../lib/ordered-map.ts";
import { type State, tables } from "./state.ts";

/** Narrowed states, which callers with the same rights share. They are dropped with the state, which no caller keeps. */
const narrowedStates = new WeakMap<State, Map<Rights, State>>();

/** Returns the state without the rows that a caller with these rights may not read. The indexes of topics stay as they are. */
export function narrow(state: State, rights: Rights): State {
  if (rights === everything) return state;
  const known = narrowedStates.get(state);
  const narrowed = known?.get(rights) ?? newNarrowed(state, rights);
  if (known) known.set(rights, narrowed);
  else narrowedStates.set(state, new Map([[rights, narrowed]]));
  return narrowed;
}

function newNarrowed(state: State, rights: Rights): State {
  const narrowed: Record<string, unknown> = { ...state };
  for (const table of tables) {
    const show = (row: unknown): unknown => {
      if (!table.mayRead(row, rights)) return undefined;
      return table.redact ? table.redact(row, rights) : row;
    };
    narrowed[table.rows] = new NarrowedTable(rowsOf(state, table.rows), show);
    for (const index of table.indexes)
      // An index that holds names of rows shows no row: a query that finds a name in it looks up the row, which may be hidden.
      if (index.isGrouped) narrowed[index.name] = new NarrowedTable(rowsOf(state, index.name), showAll(show));
      else if (!index.value) narrowed[index.name] = new NarrowedTable(rowsOf(state, index.name), show);
  }
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- each property has a table of the same rows
  return narrowed as unknown as State;
}

/** Returns the function that shows those rows of a list that `show` shows; undefined if the caller may read none of them. */
function showAll(show: (row: unknown) => unknown): (list: unknown) => unknown {
  return (list) => {
    const shown = Array.isArray(list) ? list.map(show).filter((row) => row !== undefined) : [];
    return shown.length === 0 ? undefined : shown;
  };
}

function rowsOf(state: State, name: keyof State): OrderedTable<unknown> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the names in descriptors are those of tables
  return state[name] as OrderedTable<unknown>;
}

/** The rows of a table as a caller may see them. Each look at a row asks for the right to read it. */
class NarrowedTable<Row> implements OrderedTable<Row> {
  readonly #table: OrderedTable<Row>;
  readonly #show: (row: Row) => Row | undefined;

  /** @param show returns the row as the caller may see it; undefined if it may not */
  constructor(table: OrderedTable<Row>, show: (row: Row) => Row | undefined) {
    this.#table = table;
    this.#show = show;
  }

  get size(): number {
    let size = 0;
    for (const row of this.#table.values()) if (this.#show(row) !== undefined) size += 1;
    return size;
  }

  get(key: string): Row | undefined {
    const row = this.#table.get(key);
    return row === undefined ? undefined : this.#show(row);
  }

  *values(): Generator<Row> {
    for (const [, row] of this.entries()) yield row;
  }

  entries(): Generator<[string, Row]> {
    return this.#shown(this.#table.entries());
  }

  startingWith(prefix: string, after?: string): Generator<[string, Row]> {
    return this.#shown(this.#table.startingWith(prefix, after));
  }

  before(key: string): readonly [string, Row] | undefined {
    for (let found = this.#table.before(key); found; found = this.#table.before(found[0])) {
      const shown = this.#show(found[1]);
      if (shown !== undefined) return [found[0], shown];
    }
    return undefined;
  }

  from(key: string): readonly [string, Row] | undefined {
    for (const entry of this.#shown(this.#table.startingWith("", key))) return entry;
    return undefined;
  }

  *#shown(entries: Iterable<[string, Row]>): Generator<[string, Row]> {
    for (const [key, row] of entries) {
      const shown = this.#show(row);
      if (shown !== undefined) yield [key, shown];
    }
  }

  edit(): OrderedMapEdit<Row> {
    throw new Error("assertion failed: a narrowed state is only read");
  }
}
