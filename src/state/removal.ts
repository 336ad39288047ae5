import type { CheckRow } from "../model/check.ts";
import type { NodeRow } from "../model/node.ts";
import type { ServiceRow } from "../model/service.ts";
import type { Draft } from "./draft.ts";
import { checksOfNode, checksOfService, servicesOfNode } from "./lookup.ts";
import { checkTopics, nodeTopics, serviceTopics } from "./row-topics.ts";
import { endSessionsOfCheck, endSessionsOfNode } from "./session.ts";

/** Removes a check, and ends the sessions that need it. */
export function removeCheck(draft: Draft, row: CheckRow): void {
  endSessionsOfCheck(draft, row.node, row.id);
  draft.deleteCheck(row, checkTopics(draft.state, row));
}

/** Removes a service with its checks. */
export function removeService(draft: Draft, row: ServiceRow): void {
  for (const check of checksOfService(draft.state, row.node, row.id)) removeCheck(draft, check);
  draft.deleteService(row, serviceTopics(undefined, row));
}

/** Removes a node, its services and its checks, and ends its sessions. */
export function removeNode(draft: Draft, row: NodeRow): void {
  endSessionsOfNode(draft, row.name);
  const touched = nodeTopics(draft.state, row.name);
  for (const check of checksOfNode(draft.state, row.name)) removeCheck(draft, check);
  for (const service of servicesOfNode(draft.state, row.name)) removeService(draft, service);
  draft.deleteNode(row, touched);
}
