import { beginsUuid } from "../lib/uuid.ts";
import type { Check } from "../model/check.ts";
import type { Node, NodeRow } from "../model/node.ts";
import type { Service, ServiceRow } from "../model/service.ts";
import {
  findNodeOfId,
  getNode,
  instancesForConnect,
  instancesOfService,
  listInstances,
  listNodes,
  servicesOfNode,
} from "../state/lookup.ts";
import type { State } from "../state/state.ts";
import { fold, topics, type Topic } from "../state/topics.ts";
import type { Query } from "./query.ts";
import { throwIfRejected } from "./rejection.ts";
import type { Registry } from "./registry.ts";

/** A service instance and the node on which it runs. */
export interface Instance {
  readonly node: NodeRow;
  readonly service: ServiceRow;
}

/** A node with the services on it. */
export interface NodeServices {
  readonly node: NodeRow;
  readonly services: readonly ServiceRow[];
}

export interface Registration {
  readonly node: Node;
  readonly skipNodeUpdate: boolean;
  readonly service?: Service | undefined;
  readonly checks: readonly Check[];
}

export interface Deregistration {
  readonly node: string;
  readonly serviceId?: string | undefined;
  readonly checkId?: string | undefined;
}

export type NodeMeta = Readonly<Record<string, string>>;

/**
 * Registers a node with its service and checks.
 * @throws OperatingError conflict when the registration breaks a rule of the catalog; the catalog is then unchanged
 */
export async function register(store: Registry, registration: Registration): Promise<void> {
  throwIfRejected(await store.submit({ type: "register", ...registration }));
}

export async function deregister(store: Registry, target: Deregistration): Promise<void> {
  await store.submit({ type: "deregister", ...target });
}

export function nodes(meta: NodeMeta): Query<readonly NodeRow[]> {
  return { topics: [topics.nodes], read: (state) => listNodes(state).filter((node) => hasMeta(node, meta)) };
}

export function node(name: string): Query<NodeRow | undefined> {
  return { topics: [topics.node(name)], read: (state) => getNode(state, name) };
}

/**
 * Returns the query that maps each service name to the tags of its instances. With `meta`, the query counts only the instances on
 * nodes with these meta pairs.
 */
export function services(meta: NodeMeta): Query<ReadonlyMap<string, readonly string[]>> {
  return {
    topics: withNodeMeta([topics.services], meta),
    read: (state) => tagsByService(state, meta),
    // Consul: this list alone asks for no right to read the nodes.
    readAs: (state, rights) =>
      new Map([...tagsByService(state, meta)].filter(([name]) => rights.may("service", "read", name))),
  };
}

function tagsByService(state: State, meta: NodeMeta): ReadonlyMap<string, readonly string[]> {
  const byNode = Object.keys(meta).length > 0;
  const tags = new Map<string, Set<string>>();
  for (const service of listInstances(state)) {
    const node = byNode ? getNode(state, service.node) : undefined;
    if (byNode && !(node && hasMeta(node, meta))) continue;
    const known = tags.get(service.name);
    if (known) for (const tag of service.tags) known.add(tag);
    else tags.set(service.name, new Set(service.tags));
  }
  return new Map([...tags].map(([name, set]) => [name, [...set]]));
}

/** Returns the query for the instances of a service that have all of `tags` and run on nodes with `meta`. */
export function serviceInstances(name: string, tags: readonly string[], meta: NodeMeta): Query<readonly Instance[]> {
  return {
    topics: [topics.service(name)],
    read: (state) => withNodes(state, instancesOfService(state, name), { tags, meta }),
  };
}

/** Returns the query for all instances of all services. */
export function allInstances(): Query<readonly ServiceRow[]> {
  return { topics: [topics.services], read: (state) => listInstances(state) };
}

/**
 * Returns the query for the Connect-capable instances of a service (sidecar proxies and Connect-native instances) that have all
 * of `tags` and run on nodes with `meta`.
 */
export function connectInstances(name: string, tags: readonly string[], meta: NodeMeta): Query<readonly Instance[]> {
  return {
    topics: [topics.connect(name)],
    read: (state) => withNodes(state, instancesForConnect(state, name), { tags, meta }),
  };
}

function withNodes(
  state: State,
  services: readonly ServiceRow[],
  { tags, meta }: { readonly tags: readonly string[]; readonly meta: NodeMeta },
): readonly Instance[] {
  const found: Instance[] = [];
  for (const service of services) {
    const node = getNode(state, service.node);
    if (node && hasTags(service, tags) && hasMeta(node, meta)) found.push({ node, service });
  }
  return found;
}

/** Returns the query for a node and its services. The caller names the node by its name, its id, or a prefix of its id. */
export function nodeServices(store: Registry, nameOrId: string): Query<NodeServices | undefined> {
  const find = (state: State): NodeRow | undefined => getNode(state, nameOrId) ?? findNodeOfId(state, nameOrId);
  return {
    /** Computes the topics at each use, because a node id can move to a node with another name. */
    get topics() {
      if (!beginsUuid(nameOrId) || getNode(store.state, nameOrId)) return [topics.node(nameOrId)];
      return [topics.nodes, topics.node(find(store.state)?.name ?? nameOrId)];
    },
    read(state) {
      const node = find(state);
      return node && { node, services: servicesOfNode(state, node.name) };
    },
  };
}

/** Returns whether the service has all of these tags. Consul: letter case does not matter. */
function hasTags(service: Service, tags: readonly string[]): boolean {
  return tags.every((tag) => service.tags.some((own) => fold(own) === fold(tag)));
}

/** Returns the topics `watched`, plus the topic of all nodes if the query filters by node meta. */
export function withNodeMeta(watched: readonly Topic[], meta: NodeMeta): readonly Topic[] {
  return Object.keys(meta).length > 0 ? [...watched, topics.nodes] : watched;
}

/** Returns whether the meta of a node or service has all these pairs. */
export function hasMeta(row: Pick<Node, "meta">, meta: NodeMeta): boolean {
  return Object.entries(meta).every(([key, value]) => row.meta?.[key] === value);
}
