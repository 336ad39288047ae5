import type { OrderedTable } from "../../lib/ordered-map.ts";
import type { NodeRow } from "../../model/node.ts";
import { rowKey } from "../row-key.ts";
import { jsonCodec } from "../rows.ts";
import { fold, topics } from "../topics.ts";
import { topicsOfServicesOn } from "./service.ts";
import { map, orNull, record, rowIndexes, text } from "./shape.ts";
import { nowhere, samePlace, type Table } from "./table.ts";

export interface NodeTables {
  /** All nodes, by name in lower case. */
  readonly nodes: OrderedTable<NodeRow>;
  /** The name of each node that has an id, by id in lower case. */
  readonly nodeNames: OrderedTable<string>;
}

export const nodes: Table<NodeRow, keyof NodeTables> = {
  name: "nodes",
  rows: "nodes",
  key: (row) => rowKey(row.name),
  place: samePlace,
  ...jsonCodec<NodeRow>(),
  isSound: record({
    ...{ id: text, name: text, address: text, datacenter: text },
    ...{ taggedAddresses: orNull(map(text)), meta: orNull(map(text)) },
    ...rowIndexes,
  }),
  indexes: [{ name: "nodeNames", places: ({ id }) => (id === "" ? nowhere : [fold(id)]), value: (row) => row.name }],
  /**
   * Returns the topics of the list of nodes, of the node itself, and of each service on the node, whose health includes the node.
   */
  mayRead: ({ name }, rights) => rights.may("node", "read", name),
  topics: (row, related) => [topics.nodes, topics.node(row.name), ...topicsOfServicesOn(related, row.name)],
};
