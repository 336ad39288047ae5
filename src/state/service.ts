import { isDeepStrictEqual } from "node:util";
import type { Service, ServiceRow } from "../model/service.ts";
import { ensureCheck } from "./check.ts";
import type { Draft } from "./draft.ts";
import { checksOfService, getService } from "./lookup.ts";
import { isListedAlike, serviceTopics } from "./row-topics.ts";
import { rowKey } from "./state.ts";

export function ensureService(draft: Draft, node: string, service: Service): void {
  const known = getService(draft.state, node, service.id);
  const row: ServiceRow = {
    ...service,
    node,
    createIndex: known?.createIndex ?? draft.index,
    modifyIndex: draft.index,
  };
  if (known && isDeepStrictEqual(known, { ...row, modifyIndex: known.modifyIndex })) return;
  if (known && rowKey(known.name) !== rowKey(row.name)) draft.deleteService(known, serviceTopics(undefined, known));
  draft.putService(row, serviceTopics(known, row));
  if (known && !isListedAlike(known, row)) updateChecks(draft, row);
}

/**
 * The service's checks show its name and tags. Consul: a check shows those of the time of its own registration, and
 * stays in the lists of the old name; then nobody who watches the new one is woken by it.
 */
function updateChecks(draft: Draft, service: ServiceRow): void {
  for (const check of checksOfService(draft.state, service.node, service.id)) ensureCheck(draft, service.node, check);
}
