import type { NodeRow } from "../model/node.ts";
import { goMap } from "./go-json.ts";

/** Encodes a node as catalog/nodes, catalog/node and health/service show it. */
export function encodeNode(row: NodeRow): object {
  return {
    ID: row.id,
    Node: row.name,
    Address: row.address,
    Datacenter: row.datacenter,
    // Consul: null if the registration had no map, {} if its map was empty.
    TaggedAddresses: row.taggedAddresses && goMap(row.taggedAddresses),
    Meta: row.meta && goMap(row.meta),
    CreateIndex: row.createIndex,
    ModifyIndex: row.modifyIndex,
  };
}
