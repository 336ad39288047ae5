import { isDeepStrictEqual } from "node:util";
import type { Service, ServiceRow } from "../model/service.ts";
import type { Draft } from "./draft.ts";
import { getService } from "./lookup.ts";
import { serviceTopics } from "./row-topics.ts";
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
}
