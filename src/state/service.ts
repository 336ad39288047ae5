import { isDeepStrictEqual } from "node:util";
import { connectName, type Service, type ServiceRow } from "../model/service.ts";
import { ensureCheck } from "./check.ts";
import type { Draft } from "./draft.ts";
import { checksOfService, getService } from "./lookup.ts";
import { isListedAlike, services } from "./tables/service.ts";
import { fold } from "./topics.ts";

export function ensureService(draft: Draft, node: string, service: Service): void {
  const known = getService(draft.state, node, service.id);
  const row: ServiceRow = {
    ...service,
    node,
    createIndex: known?.createIndex ?? draft.index,
    modifyIndex: draft.index,
  };
  if (known && isDeepStrictEqual(known, { ...row, modifyIndex: known.modifyIndex })) return;
  const isMoved = known !== undefined && !isFoundAlike(known, row);
  if (isMoved) draft.delete(services, known);
  draft.put(services, row, isMoved ? undefined : known);
  if (known && !isListedAlike(known, row)) updateChecks(draft, row);
}

/** Returns whether two versions of an instance have the same service name and are Connect-capable for the same service. */
function isFoundAlike(known: Service, row: Service): boolean {
  return isSameName(known.name, row.name) && isSameName(connectName(known), connectName(row));
}

function isSameName(one: string | undefined, other: string | undefined): boolean {
  return one === other || (one !== undefined && other !== undefined && fold(one) === fold(other));
}

/**
 * Copies the service's name and tags into its checks. Unlike Praetor's, a check of Consul keeps the name and tags that its
 * service had when the check was registered, stays in the lists of the old name, and wakes no watcher of the new name.
 */
function updateChecks(draft: Draft, service: ServiceRow): void {
  for (const check of checksOfService(draft.state, service.node, service.id)) ensureCheck(draft, service.node, check);
}
