import type { OrderedTable } from "../../lib/ordered-map.ts";
import { checkIdsOf, sessionBehaviors, type SessionRow } from "../../model/session.ts";
import { rowKey } from "../row-key.ts";
import { jsonCodec } from "../rows.ts";
import { topics } from "../topics.ts";
import { list, number, oneOf, orNull, record, rowIndexes, text } from "./shape.ts";
import { quote, samePlace, type Table } from "./table.ts";

export interface SessionTables {
  /** All sessions, by id in lower case. */
  readonly sessions: OrderedTable<SessionRow>;
  /** All sessions, in order of node and session id. */
  readonly nodeSessions: OrderedTable<SessionRow>;
  /** The ids of the sessions that end when a check turns critical, in order of node, check id and session id. */
  readonly checkSessions: OrderedTable<string>;
}

export const sessions: Table<SessionRow, keyof SessionTables> = {
  name: "sessions",
  rows: "sessions",
  key: (row) => rowKey(row.id),
  place: samePlace,
  ...jsonCodec<SessionRow>(),
  isSound: record({
    ...{ id: text, name: text, node: text, ttl: text, lockDelayMs: number, behavior: oneOf(sessionBehaviors) },
    ...{ nodeChecks: orNull(list(text)), checks: list(text) },
    serviceChecks: orNull(list(record({ id: text, namespace: text }))),
    ...rowIndexes,
  }),
  indexes: [
    { name: "nodeSessions", places: (row) => [rowKey(row.node, row.id)] },
    {
      name: "checkSessions",
      places: (row) => checkIdsOf(row).map((check) => rowKey(row.node, check, row.id)),
      value: (row) => row.id,
    },
  ],
  mayRead: ({ node }, rights) => rights.may("session", "read", node),
  topics: (row) => [topics.sessions, topics.nodeSessions(row.node), topics.session(row.id)],
  missing: ({ id, node }, { nodes }) =>
    nodes.get(rowKey(node)) ? undefined : `the session ${id} is on the node ${quote(node)}, which is missing`,
};
