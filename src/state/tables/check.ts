import type { OrderedTable } from "../../lib/ordered-map.ts";
import { checkStatuses, type CheckRow } from "../../model/check.ts";
import { rowKey } from "../row-key.ts";
import { jsonCodec } from "../rows.ts";
import { topics, type Topic } from "../topics.ts";
import { connectTopics, topicsOfServicesOn } from "./service.ts";
import { boolean, list, map, number, oneOf, orAbsent, record, rowIndexes, text } from "./shape.ts";
import { nowhere, quote, samePlace, type Related, type Table } from "./table.ts";

export interface CheckTables {
  /** All checks, in order of node and check id. */
  readonly checks: OrderedTable<CheckRow>;
  /** All checks, in order of node, service id ("" for the checks of the node) and check id. */
  readonly serviceChecks: OrderedTable<CheckRow>;
  /** The checks that are not passing, which are few, in order of status, node and check id. */
  readonly failingChecks: OrderedTable<CheckRow>;
}

export const checks: Table<CheckRow, keyof CheckTables> = {
  name: "checks",
  rows: "checks",
  key: (row) => rowKey(row.node, row.id),
  place: samePlace,
  ...jsonCodec<CheckRow>(),
  isSound: record({
    ...{ node: text, id: text, name: text, notes: text, output: text, type: text, status: oneOf(checkStatuses) },
    ...{ serviceId: text, serviceName: text, serviceTags: list(text) },
    definition: record({
      ...{ http: orAbsent(text), method: orAbsent(text), body: orAbsent(text), tcp: orAbsent(text) },
      ...{ tlsSkipVerify: orAbsent(boolean), header: orAbsent(map(list(text))) },
      ...{ intervalMs: orAbsent(number), timeoutMs: orAbsent(number) },
      deregisterCriticalServiceAfterMs: orAbsent(number),
    }),
    ...rowIndexes,
  }),
  indexes: [
    { name: "serviceChecks", places: (row) => [rowKey(row.node, row.serviceId, row.id)] },
    {
      name: "failingChecks",
      places: ({ status, node, id }) => (status === "passing" ? nowhere : [rowKey(status, node, id)]),
    },
  ],
  mayRead: ({ node, serviceName }, rights) =>
    rights.may("node", "read", node) && (serviceName === "" || rights.may("service", "read", serviceName)),
  topics: (row, related) => [
    ...[topics.checks, topics.nodeChecks(row.node), topics.checksInStatus(row.status)],
    ...instanceTopics(row, related),
  ],
  missing: missingOf,
};

/** Returns the topics of each instance whose health the check affects. A node's check affects all services on the node. */
function instanceTopics({ node, serviceId, serviceName }: CheckRow, related: Related): Iterable<Topic> {
  if (serviceId === "") return topicsOfServicesOn(related, node);
  const connect = connectTopics(related.services.get(rowKey(node, serviceId)));
  return [topics.serviceChecks(serviceName), topics.service(serviceName), ...connect];
}

function missingOf({ id, node, serviceId }: CheckRow, { nodes, services }: Related): string | undefined {
  if (!nodes.get(rowKey(node))) return `the check ${quote(id)} is on the node ${quote(node)}, which is missing`;
  if (serviceId === "" || services.get(rowKey(node, serviceId))) return undefined;
  return `the check ${quote(id)} is of the service ${quote(serviceId)}, which is missing`;
}
