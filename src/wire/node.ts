import type { NodeRow } from "../model/node.ts";
import { goMap } from "./go-json.ts";

/** A node as catalog/nodes, catalog/node and health/service show it. */
export function encodeNode(row: NodeRow): object {
  return {
    ID: row.id,
    Node: row.name,
    Address: row.address,
    Datacenter: row.datacenter,
    // Consul: null where the map was never given, {} where it was empty.
    TaggedAddresses: row.taggedAddresses && goMap(row.taggedAddresses),
    Meta: row.meta && goMap(row.meta),
    CreateIndex: row.createIndex,
    ModifyIndex: row.modifyIndex,
  };
}
