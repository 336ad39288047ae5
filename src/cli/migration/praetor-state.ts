import { SnapshotDecoder } from "../../state/snapshot.ts";
import { encodeCheck } from "../../wire/check.ts";
import { encodeNode } from "../../wire/node.ts";
import { encodePreparedQuery } from "../../wire/prepared-query.ts";
import { encodeNodeService } from "../../wire/service.ts";
import { fieldsOf } from "../../client/json-object.ts";
import type { RegistryRows } from "./agent-inventory.ts";
import { CatalogRows } from "./catalog-rows.ts";

/**
 * Decodes the state.bin of a Praetor snapshot.
 * @throws OperatingError invalid if it cannot be decoded to its end
 */
export function praetorStateRows(bytes: Uint8Array): RegistryRows {
  const decoder = new SnapshotDecoder();
  decoder.add(bytes);
  const state = decoder.finish();
  const catalog = new CatalogRows();
  for (const node of state.nodes.values()) catalog.add(fieldsOf(encodeNode(node)));
  for (const row of state.services.values()) catalog.add({ Node: row.node, Service: encodeNodeService(row) });
  for (const row of state.checks.values()) catalog.add({ Node: row.node, Check: encodeCheck(row, row.output) });
  const queries = [...state.preparedQueries.values()].map((row) => {
    const { CreateIndex: _, ModifyIndex: __, ...query } = fieldsOf(encodePreparedQuery(row));
    return query;
  });
  return { keys: [...state.kv.values()], queries, ...catalog.rows() };
}
