import { hiddenSecret, type Rights } from "../../acl/rights.ts";
import type { OrderedTable } from "../../lib/ordered-map.ts";
import { isNamed, type PreparedQueryRow } from "../../model/prepared-query.ts";
import { rowKey } from "../row-key.ts";
import { jsonCodec } from "../rows.ts";
import { fold, topics } from "../topics.ts";
import { boolean, list, map, number, orNull, record, rowIndexes, text } from "./shape.ts";
import { nowhere, quote, samePlace, type Table } from "./table.ts";

export interface PreparedQueryTables {
  /** All prepared queries, by id in lower case. */
  readonly preparedQueries: OrderedTable<PreparedQueryRow>;
  /** All prepared queries with a name, by name in lower case; under "" the template for all names that no other query matches. */
  readonly preparedQueryNames: OrderedTable<PreparedQueryRow>;
}

export const preparedQueries: Table<PreparedQueryRow, keyof PreparedQueryTables> = {
  name: "prepared-queries",
  rows: "preparedQueries",
  key: (row) => rowKey(row.id),
  place: samePlace,
  ...jsonCodec<PreparedQueryRow>(),
  isSound: record({
    ...{ id: text, name: text, session: text, token: text, dnsTtl: text },
    template: record({ type: text, regexp: text, removeEmptyTags: boolean }),
    service: record({
      ...{ service: text, near: text, onlyPassing: boolean, connect: boolean },
      ...{ ignoreCheckIds: orNull(list(text)), tags: orNull(list(text)) },
      ...{ nodeMeta: orNull(map(text)), serviceMeta: orNull(map(text)) },
      failover: record({ nearestN: number, datacenters: orNull(list(text)) }),
    }),
    ...rowIndexes,
  }),
  indexes: [{ name: "preparedQueryNames", places: (row) => (isNamed(row) ? [fold(row.name)] : nowhere) }],
  // Consul: a query without a name is for those who know its id, and in lists only for those who may do everything.
  mayRead: (row, rights) => (isNamed(row) ? rights.may("query", "read", row.name) : rights.may("acl", "write")),
  redact: redactQuery,
  topics: (row) => [topics.preparedQueries, topics.preparedQuery(row.id)],
  missing: ({ id, session }, { sessions }) =>
    session === "" || sessions.get(rowKey(session))
      ? undefined
      : `the prepared query ${id} is bound to the session ${quote(session)}, which is missing`,
};

/** Consul: the token of a query is shown to those who may write tokens, and hidden from all others. */
export function redactQuery(row: PreparedQueryRow, rights: Rights): PreparedQueryRow {
  return row.token === "" || rights.may("acl", "write") ? row : { ...row, token: hiddenSecret };
}
