import type { CheckRow } from "../model/check.ts";
import {
  checksInStatus,
  checksOfInstance,
  checksOfNode,
  getNode,
  checksOfService,
  instancesOfService,
} from "../state/lookup.ts";
import type { State } from "../state/state.ts";
import { topics } from "../state/topics.ts";
import { connectInstances, hasMeta, serviceInstances, withNodeMeta, type Instance, type NodeMeta } from "./catalog.ts";
import type { Query } from "./query.ts";

/** An instance with the checks that decide its health: those of its node, then its own. */
export interface CheckedInstance extends Instance {
  readonly checks: readonly CheckRow[];
}

export interface ServiceHealthFilter {
  readonly tags: readonly string[];
  readonly meta: NodeMeta;
  /** Whether to return only instances all of whose checks pass. */
  readonly passingOnly: boolean;
}

export function serviceHealth(name: string, filter: ServiceHealthFilter): Query<readonly CheckedInstance[]> {
  return withChecks(serviceInstances(name, filter.tags, filter.meta), filter);
}

/** Returns the query for the health of a service's Connect-capable instances. */
export function connectHealth(name: string, filter: ServiceHealthFilter): Query<readonly CheckedInstance[]> {
  return withChecks(connectInstances(name, filter.tags, filter.meta), filter);
}

function withChecks(
  instances: Query<readonly Instance[]>,
  { passingOnly }: ServiceHealthFilter,
): Query<readonly CheckedInstance[]> {
  return {
    topics: instances.topics,
    read(state) {
      const checked = instances.read(state).map(({ node, service }) => ({
        node,
        service,
        checks: checksOfInstance(state, service.node, service.id),
      }));
      return passingOnly ? checked.filter(isPassing) : checked;
    },
  };
}

export function nodeHealth(name: string): Query<readonly CheckRow[]> {
  return { topics: [topics.nodeChecks(name)], read: (state) => checksOfNode(state, name) };
}

export function serviceCheckList(name: string, meta: NodeMeta): Query<readonly CheckRow[]> {
  // A change of a node's meta touches the services on that node, so the query need not depend on all nodes.
  const ofNodes = Object.keys(meta).length > 0 ? [topics.service(name)] : [];
  return {
    topics: [topics.serviceChecks(name), ...ofNodes],
    read(state) {
      const instances = instancesOfService(state, name);
      const checks = instances.flatMap((service) => checksOfService(state, service.node, service.id));
      return onNodesWith(state, checks, meta);
    },
  };
}

export function checksByStatus(status: string, meta: NodeMeta): Query<readonly CheckRow[]> {
  return {
    topics: withNodeMeta([status === "any" ? topics.checks : topics.checksInStatus(status)], meta),
    read: (state) => onNodesWith(state, checksInStatus(state, status), meta),
  };
}

function onNodesWith(state: State, checks: readonly CheckRow[], meta: NodeMeta): readonly CheckRow[] {
  if (Object.keys(meta).length === 0) return checks;
  return checks.filter((check) => {
    const node = getNode(state, check.node);
    return node !== undefined && hasMeta(node, meta);
  });
}

/** Returns whether no check of the instance is critical. Consul: DNS answers omit critical instances only. */
export function isUsable({ checks }: CheckedInstance): boolean {
  return checks.every(({ status }) => status !== "critical");
}

function isPassing(instance: CheckedInstance): boolean {
  return instance.checks.every((check) => check.status === "passing");
}
