import type { CheckRow } from "../model/check.ts";
import type { NodeRow } from "../model/node.ts";
import type { ServiceRow } from "../model/service.ts";
import type { OrderedTable } from "../lib/ordered-map.ts";
import { rowKey } from "./row-key.ts";
import type { State } from "./state.ts";
import { fold } from "./topics.ts";

export function getNode(state: State, name: string): NodeRow | undefined {
  return state.nodes.get(rowKey(name));
}

export function getNodeOfId(state: State, id: string): NodeRow | undefined {
  const name = state.nodeNames.get(fold(id));
  return name === undefined ? undefined : getNode(state, name);
}

/** Returns the node whose id begins with `prefix`, if only one does. Consul: the prefix has at least two letters. */
export function findNodeOfId(state: State, prefix: string): NodeRow | undefined {
  if (prefix.length < 2) return undefined;
  const [first, second] = rowsBelow(state.nodeNames, fold(prefix));
  return first === undefined || second !== undefined ? undefined : getNode(state, first);
}

/** Returns all nodes, in order of name. */
export function listNodes(state: State): NodeRow[] {
  return [...state.nodes.values()];
}

export function getService(state: State, node: string, id: string): ServiceRow | undefined {
  return state.services.get(rowKey(node, id));
}

/** Returns the services on a node, in order of service id. */
export function servicesOfNode(state: State, node: string): ServiceRow[] {
  return rowsBelow(state.services, rowKey(node));
}

/** Returns all instances of a service, in order of node and service id. */
export function instancesOfService(state: State, name: string): ServiceRow[] {
  return rowsBelow(state.serviceInstances, rowKey(name));
}

/** Returns a service's Connect-capable instances (sidecar proxies and Connect-native ones), in order of node and service id. */
export function instancesForConnect(state: State, name: string): ServiceRow[] {
  return rowsBelow(state.connectInstances, rowKey(name));
}

/** Returns every instance of every service, in order of service name, node and service id. */
export function listInstances(state: State): ServiceRow[] {
  return [...state.serviceInstances.values()];
}

export function getCheck(state: State, node: string, id: string): CheckRow | undefined {
  return state.checks.get(rowKey(node, id));
}

/** Returns all checks of a node and of the services on it, in order of check id. */
export function checksOfNode(state: State, node: string): CheckRow[] {
  return rowsBelow(state.checks, rowKey(node));
}

/** Returns the checks of one service on one node; with serviceId "", the checks of the node itself. */
export function checksOfService(state: State, node: string, serviceId: string): CheckRow[] {
  return rowsBelow(state.serviceChecks, rowKey(node, serviceId));
}

/** Returns the checks that decide an instance's health: first the checks of its node, then the instance's own. */
export function checksOfInstance(state: State, node: string, serviceId: string): CheckRow[] {
  return [...checksOfService(state, node, ""), ...checksOfService(state, node, serviceId)];
}

/** Returns the checks with this status; with the status "any", all checks. */
export function checksInStatus(state: State, status: string): CheckRow[] {
  if (status === "any") return [...state.checks.values()];
  if (status === "passing") return [...state.checks.values()].filter((check) => check.status === status);
  return rowsBelow(state.failingChecks, rowKey(status)).filter((check) => check.status === status);
}

function rowsBelow<V>(table: OrderedTable<V>, prefix: string): V[] {
  const rows: V[] = [];
  for (const [, row] of table.startingWith(prefix)) rows.push(row);
  return rows;
}
