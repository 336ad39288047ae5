import type { OrderedTable } from "../lib/ordered-map.ts";
import type { CheckRow } from "../model/check.ts";
import type { NodeRow } from "../model/node.ts";
import type { ServiceRow } from "../model/service.ts";
import { checksOfInstance, getNode, listNodes } from "../state/lookup.ts";
import { rowKey } from "../state/row-key.ts";
import type { State } from "../state/state.ts";
import { fold, topics } from "../state/topics.ts";
import type { Query } from "./query.ts";
import type { Registry } from "./registry.ts";

/** A node with all its services and checks. */
export interface NodeDump {
  readonly node: NodeRow;
  readonly services: Iterable<ServiceRow>;
  readonly checks: Iterable<CheckRow>;
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

/** The query of all nodes; each is read from the state when the caller comes to it. */
export function nodeDumps(store: Registry): Query<Iterable<NodeDump>> {
  return {
    /** Computes the topics at each use, because each node has its own topic, and the set of nodes changes. */
    get topics() {
      const each = listNodes(store.state).map(({ name }) => topics.node(name));
      return [topics.nodes, topics.checks, ...each];
    },
    read: (state) => Iterator.from(state.nodes.values()).map((node) => dump(state, node)),
  };
}

function dump(state: State, node: NodeRow): NodeDump {
  const below = rowKey(node.name);
  return { node, services: rowsBelow(state.services, below), checks: rowsBelow(state.checks, below) };
}

/** The query of all services; each is summarized when the caller comes to it. */
export function serviceSummaries(): Query<Iterable<ServiceSummary>> {
  return {
    topics: [topics.nodes, topics.services, topics.checks],
    read: (state) => summaries(state),
  };
}

function* summaries(state: State): Generator<ServiceSummary> {
  const byName = new Map<string, ServiceRow[]>();
  let folded = "";
  for (const row of state.serviceInstances.values()) {
    // The instances are in order of the folded name, so instances of other names are complete.
    if (fold(row.name) !== folded) {
      for (const [name, rows] of byName) yield summarize(state, name, rows);
      byName.clear();
      folded = fold(row.name);
    }
    const rows = byName.get(row.name);
    if (rows) rows.push(row);
    else byName.set(row.name, [row]);
  }
  for (const [name, rows] of byName) yield summarize(state, name, rows);
}

/** Yields the rows below a key one by one: one node of a gateway has all services. */
function* rowsBelow<Row>(table: OrderedTable<Row>, prefix: string): Generator<Row> {
  for (const [, row] of table.startingWith(prefix)) yield row;
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
