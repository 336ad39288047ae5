import { isDeepStrictEqual } from "node:util";
import type { Check, CheckRow } from "../model/check.ts";
import type { Rejection } from "./command.ts";
import type { Draft } from "./draft.ts";
import { getCheck, getService } from "./lookup.ts";
import { endSessionsOfCheck } from "./session.ts";
import { rowKey } from "./row-key.ts";
import { checks } from "./tables/check.ts";
import { topics } from "./topics.ts";

export function ensureCheck(draft: Draft, node: string, check: Check): Rejection | undefined {
  const service = check.serviceId === "" ? undefined : getService(draft.state, node, check.serviceId);
  if (check.serviceId !== "" && !service) return { code: "unknown-service", node, serviceId: check.serviceId };
  const known = getCheck(draft.state, node, check.id);
  const row: CheckRow = {
    ...check,
    node,
    serviceName: service?.name ?? "",
    serviceTags: service?.tags ?? [],
    createIndex: known?.createIndex ?? draft.index,
    modifyIndex: draft.index,
  };
  if (known && isDeepStrictEqual(known, { ...row, modifyIndex: known.modifyIndex })) return undefined;
  if (row.status === "critical") endSessionsOfCheck(draft, node, row.id);
  if (known) leaveOldTopics(draft, known, row);
  draft.put(checks, row, known);
  return undefined;
}

/** Removes a changed check from the topics of its old status, its old service and the old name of its service. */
function leaveOldTopics(draft: Draft, known: CheckRow, row: CheckRow): void {
  if (serviceOf(known) !== serviceOf(row)) return draft.delete(checks, known);
  if (known.status !== row.status) draft.leave([topics.checksInStatus(known.status)]);
}

function serviceOf(row: CheckRow): string {
  return rowKey(row.serviceId, row.serviceName);
}
