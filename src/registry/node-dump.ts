import type { CheckRow } from "../model/check.ts";
import type { NodeRow } from "../model/node.ts";
import type { ServiceRow } from "../model/service.ts";
import { checksOfInstance, checksOfNode, getNode, listInstances, listNodes, servicesOfNode } from "../state/lookup.ts";
import type { State } from "../state/state.ts";
import { topics } from "../state/topics.ts";
import type { Query } from "./query.ts";
import type { Registry } from "./registry.ts";

/** A node with all its services and checks. */
export interface NodeDump {
  readonly node: NodeRow;
  readonly services: readonly ServiceRow[];
  readonly checks: readonly CheckRow[];
}

/** A summary of all instances of one service. Consul: a node and its checks count once for each instance on that node. */
export interface ServiceSummary {
  readonly name: string;
  /** The kind of the service's last instance, such as "connect-proxy"; "" if that instance is no proxy or gateway. */
  readonly kind: string;
  /** The names of the services for which the instances are proxies. */
  readonly proxyFor: readonly string[];
  readonly tags: readonly string[];
  readonly nodes: readonly string[];
  readonly instances: number;
  readonly passing: number;
  readonly warning: number;
  readonly critical: number;
}

export function nodeDump(name: string): Query<NodeDump | undefined> {
  return {
    topics: [topics.node(name), topics.nodeChecks(name)],
    read(state) {
      const node = getNode(state, name);
      return node && dump(state, node);
    },
  };
}

export function nodeDumps(store: Registry): Query<readonly NodeDump[]> {
  return {
    /** Computes the topics at each use, because each node has its own topic, and the set of nodes changes. */
    get topics() {
      const each = listNodes(store.state).map(({ name }) => topics.node(name));
      return [topics.nodes, topics.checks, ...each];
    },
    read: (state) => listNodes(state).map((node) => dump(state, node)),
  };
}

function dump(state: State, node: NodeRow): NodeDump {
  return { node, services: servicesOfNode(state, node.name), checks: checksOfNode(state, node.name) };
}

export function serviceSummaries(): Query<readonly ServiceSummary[]> {
  return {
    topics: [topics.nodes, topics.services, topics.checks],
    read(state) {
      const byName = new Map<string, ServiceRow[]>();
      for (const row of listInstances(state)) byName.set(row.name, [...(byName.get(row.name) ?? []), row]);
      return [...byName].map(([name, rows]) => summarize(state, name, rows));
    },
  };
}

function destinationOf({ kind, proxy }: ServiceRow): readonly string[] {
  return kind === "connect-proxy" && proxy ? [proxy.destinationServiceName] : [];
}

function summarize(state: State, name: string, rows: readonly ServiceRow[]): ServiceSummary {
  const checks = rows.flatMap((row) => checksOfInstance(state, row.node, row.id));
  const inStatus = (status: string): number => checks.filter((check) => check.status === status).length;
  return {
    name,
    kind: rows.at(-1)?.kind ?? "",
    proxyFor: [...new Set(rows.flatMap(destinationOf))].toSorted(),
    tags: [...new Set(rows.flatMap(({ tags }) => tags))].toSorted(),
    nodes: rows.map(({ node }) => node),
    instances: rows.length,
    passing: inStatus("passing"),
    warning: inStatus("warning"),
    critical: inStatus("critical"),
  };
}
