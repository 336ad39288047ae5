import { renderGoJson, renderPretty, sortKeys } from "./go-json.ts";

/*
 * JSON of long lists, rendered in parts, so that the agent answers other requests between the parts. An encoder returns a list or a map
 * of rows that are not encoded yet; each row is encoded when its part is rendered:
 *
 *   encodeNodeDump(node)  ->  { Node: "n1", Services: RowList, Checks: RowList }  ->  parts  {"Node":"n1","Services":[   {...}   ,{...}   ...
 */

/** A list of rows that are encoded while the list is rendered. A row that is encoded as undefined is left out. */
export class RowList {
  readonly items: Iterable<unknown>;

  private constructor(items: Iterable<unknown>) {
    this.items = items;
  }

  static of<T>(rows: Iterable<T>, encode: (row: T) => unknown): RowList {
    return new RowList(Iterator.from(rows).map(encode));
  }
}

/** The same for a map from strings to rows. */
export class RowMap {
  readonly entries: Iterable<readonly [string, unknown]>;

  private constructor(entries: Iterable<readonly [string, unknown]>) {
    this.entries = entries;
  }

  /** Returns the map, with its keys in Go's order. A row that `rows` loses before it is rendered is left out. */
  static of<T>(rows: ReadonlyMap<string, T>, encode: (row: T) => unknown): RowMap {
    const encodeAt = (key: string): readonly [string, unknown] => {
      const row = rows.get(key);
      return [key, row === undefined ? undefined : encode(row)];
    };
    return new RowMap(Iterator.from(sortKeys([...rows.keys()])).map(encodeAt));
  }
}

/**
 * Yields the JSON of a value in parts, which together are that of renderGoJson. Each row of a RowList or RowMap is a part, in the value
 * itself, in its fields and in those of its rows; a row that is left out is an empty part.
 */
export function* goJsonParts(value: unknown, { pretty }: { readonly pretty: boolean }): Generator<string> {
  yield* partsOf(value, pretty ? "\n" : "");
  if (pretty) yield "\n";
}

/** @param newline the line break and indentation of the value; "" for JSON without line breaks */
function* partsOf(value: unknown, newline: string): Generator<string> {
  if (value instanceof RowList) yield* membersOf(Iterator.from(value.items).map(unnamed), "[]", newline);
  else if (value instanceof RowMap) yield* membersOf(value.entries, "{}", newline);
  else if (hasRows(value)) yield* membersOf(Object.entries(value), "{}", newline);
  else yield newline === "" ? renderGoJson(value, { pretty: false }) : renderPretty(value, newline);
}

const unnamed = (item: unknown): readonly [undefined, unknown] => [undefined, item];

function* membersOf(
  members: Iterable<readonly [string | undefined, unknown]>,
  brackets: "[]" | "{}",
  newline: string,
): Generator<string> {
  const inner = newline === "" ? "" : `${newline}    `;
  let before = brackets.charAt(0);
  for (const [name, member] of members) {
    if (member === undefined) {
      yield "";
      continue;
    }
    before += inner;
    if (name !== undefined) before += renderGoJson(name, { pretty: false }) + (newline === "" ? ":" : ": ");
    for (const part of partsOf(member, inner)) {
      yield before + part;
      before = "";
    }
    before = ",";
  }
  yield before === "," ? newline + brackets.charAt(1) : brackets;
}

function hasRows(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  return Object.values(value).some((member) => member instanceof RowList || member instanceof RowMap);
}
