import { isDeepStrictEqual } from "node:util";
import type { OrderedTable } from "../../lib/ordered-map.ts";
import { connectName, type ServiceRow } from "../../model/service.ts";
import { rowKey } from "../row-key.ts";
import { jsonCodec } from "../rows.ts";
import { topics, type Topic } from "../topics.ts";
import { boolean, list, map, number, orAbsent, orNull, record, rowIndexes, text } from "./shape.ts";
import { nowhere, quote, samePlace, type Related, type Table } from "./table.ts";

export interface ServiceTables {
  /** All instances, in order of node and service id. */
  readonly services: OrderedTable<ServiceRow>;
  /** All instances, in order of service name, node and service id. */
  readonly serviceInstances: OrderedTable<ServiceRow>;
  /** Sidecar proxies and Connect-native instances, in order of the name of the service that they serve, node and service id. */
  readonly connectInstances: OrderedTable<ServiceRow>;
}

export const services: Table<ServiceRow, keyof ServiceTables> = {
  name: "services",
  rows: "services",
  key: (row) => rowKey(row.node, row.id),
  place: samePlace,
  ...jsonCodec<ServiceRow>(),
  isSound: record({
    ...{ node: text, id: text, name: text, kind: text, address: text, port: number, enableTagOverride: boolean },
    ...{ tags: list(text), meta: orNull(map(text)), weights: record({ passing: number, warning: number }) },
    taggedAddresses: orNull(map(record({ address: text, port: number }))),
    proxy: orAbsent(record({ destinationServiceName: text })),
    ...rowIndexes,
  }),
  indexes: [
    { name: "serviceInstances", places: (row) => [rowKey(row.name, row.node, row.id)] },
    { name: "connectInstances", places: connectPlaces },
  ],
  mayRead: ({ name, node }, rights) => rights.may("node", "read", node) && rights.may("service", "read", name),
  topics: (row, _related, known) => {
    const shown = [topics.node(row.node), ...topicsOfInstance(row)];
    return known && isListedAlike(known, row) && isSameProxy(known, row) ? shown : [...shown, topics.services];
  },
  missing: ({ id, node }, related) =>
    related.nodes.get(rowKey(node))
      ? undefined
      : `the service ${quote(id)} is on the node ${quote(node)}, which is missing`,
};

function connectPlaces(row: ServiceRow): readonly string[] {
  const name = connectName(row);
  return name === undefined ? nowhere : [rowKey(name, row.node, row.id)];
}

/** Returns whether two versions of an instance have the same name and tags, which are all that the list of services contains. */
export function isListedAlike(known: ServiceRow, row: ServiceRow): boolean {
  return known.name === row.name && isDeepStrictEqual(known.tags, row.tags);
}

/** Returns whether two versions of an instance have the same kind, and are Connect-capable for the same service or for none. */
function isSameProxy(known: ServiceRow, row: ServiceRow): boolean {
  return known.kind === row.kind && connectName(known) === connectName(row);
}

export function topicsOfServicesOn({ services }: Related, node: string): Iterable<Topic> {
  const found = new Set<Topic>();
  for (const [, row] of services.startingWith(rowKey(node)))
    for (const topic of topicsOfInstance(row)) found.add(topic);
  return found;
}

function topicsOfInstance(row: ServiceRow): Topic[] {
  return [topics.service(row.name), ...connectTopics(row)];
}

export function connectTopics(row: ServiceRow | undefined): Topic[] {
  const name = row && connectName(row);
  return name === undefined ? [] : [topics.connect(name)];
}
