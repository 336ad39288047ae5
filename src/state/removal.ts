import type { CheckRow } from "../model/check.ts";
import type { NodeRow } from "../model/node.ts";
import type { ServiceRow } from "../model/service.ts";
import type { Draft } from "./draft.ts";
import { checksOfNode, checksOfService, servicesOfNode } from "./lookup.ts";
import { endSessionsOfCheck, endSessionsOfNode } from "./session.ts";
import { checks } from "./tables/check.ts";
import { nodes } from "./tables/node.ts";
import { services } from "./tables/service.ts";

/** Deletes a check, and ends the sessions that depend on it. */
export function removeCheck(draft: Draft, row: CheckRow): void {
  endSessionsOfCheck(draft, row.node, row.id);
  draft.delete(checks, row);
}

/** Deletes a service with its checks. */
export function removeService(draft: Draft, row: ServiceRow): void {
  for (const check of checksOfService(draft.state, row.node, row.id)) removeCheck(draft, check);
  draft.delete(services, row);
}

/** Deletes a node with its services and checks, and ends its sessions. */
export function removeNode(draft: Draft, row: NodeRow): void {
  endSessionsOfNode(draft, row.name);
  for (const check of checksOfNode(draft.state, row.name)) removeCheck(draft, check);
  for (const service of servicesOfNode(draft.state, row.name)) removeService(draft, service);
  draft.delete(nodes, row);
}
