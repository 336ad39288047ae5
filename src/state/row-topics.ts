import { isDeepStrictEqual } from "node:util";
import type { CheckRow } from "../model/check.ts";
import type { PreparedQueryRow } from "../model/prepared-query.ts";
import { connectName, type ServiceRow } from "../model/service.ts";
import type { SessionRow } from "../model/session.ts";
import { getService, servicesOfNode } from "./lookup.ts";
import type { State } from "./state.ts";
import { topics, type Topic } from "./topics.ts";

/** A node's row shows in the list of nodes, and in what is told of each service on it. */
export function nodeTopics(state: State, node: string): Topic[] {
  return [topics.nodes, topics.node(node), ...servicesOn(state, node)];
}

/** The lists of services tell names, tags and what is a proxy for what only, so other changes of an instance leave it alone. */
export function serviceTopics(known: ServiceRow | undefined, row: ServiceRow): Topic[] {
  const touched = [topics.node(row.node), ...instanceTopics(row)];
  return known && isListedAlike(known, row) && isSameProxy(known, row) ? touched : [...touched, topics.services];
}

function isSameProxy(known: ServiceRow, row: ServiceRow): boolean {
  return known.kind === row.kind && connectName(known) === connectName(row);
}

/** Whether the list of services tells the same of both. */
export function isListedAlike(known: ServiceRow, row: ServiceRow): boolean {
  return known.name === row.name && isDeepStrictEqual(known.tags, row.tags);
}

/** Where a check shows: among all, its node's, those of its status, and with each instance that it counts for. */
export function checkTopics(state: State, row: CheckRow): Topic[] {
  const instances =
    row.serviceId === ""
      ? servicesOn(state, row.node)
      : [
          topics.serviceChecks(row.serviceName),
          topics.service(row.serviceName),
          ...connectTopic(getService(state, row.node, row.serviceId)),
        ];
  return [topics.checks, topics.nodeChecks(row.node), topics.checksInStatus(row.status), ...instances];
}

export function sessionTopics(row: SessionRow): Topic[] {
  return [topics.sessions, topics.nodeSessions(row.node), topics.session(row.id)];
}

export function preparedQueryTopics(row: PreparedQueryRow): Topic[] {
  return [topics.preparedQueries, topics.preparedQuery(row.id)];
}

function servicesOn(state: State, node: string): Iterable<Topic> {
  return new Set(servicesOfNode(state, node).flatMap(instanceTopics));
}

function instanceTopics(service: ServiceRow): Topic[] {
  return [topics.service(service.name), ...connectTopic(service)];
}

function connectTopic(service: ServiceRow | undefined): Topic[] {
  const name = service && connectName(service);
  return name === undefined ? [] : [topics.connect(name)];
}
