/**
 * The name of a part of the state that a blocking query can wait for. A write touches the topics whose answers it may have
 * changed, and wakes only their watchers. The index of a topic is the index of the write that last touched it.
 *
 * The topic of a key is "kv/<key>". A query for a tree waits for "kv*<prefix>", which each write of a key with that prefix
 * touches. The index of a tree's topic is not stored: it is the highest index of the tree's keys and their tombstones.
 */
export type Topic = string;

/** Returns the lower-case form by which names of nodes, services and checks are compared. Consul: its tables ignore case. */
export function fold(name: string): string {
  return name.toLowerCase();
}

export const topics: {
  readonly everything: Topic;
  readonly nodes: Topic;
  readonly services: Topic;
  readonly checks: Topic;
  readonly node: (name: string) => Topic;
  readonly nodeChecks: (name: string) => Topic;
  readonly service: (name: string) => Topic;
  readonly serviceChecks: (name: string) => Topic;
  readonly connect: (name: string) => Topic;
  readonly checksInStatus: (status: string) => Topic;
  readonly sessions: Topic;
  readonly nodeSessions: (node: string) => Topic;
  readonly session: (id: string) => Topic;
  readonly coordinates: Topic;
  readonly distances: Topic;
  readonly preparedQueries: Topic;
  readonly preparedQuery: (id: string) => Topic;
  readonly kvTrials: Topic;
  readonly mesh: Topic;
  readonly members: Topic;
  readonly aclTokens: Topic;
  readonly aclPolicies: Topic;
  readonly aclRoles: Topic;
  readonly aclAuthMethods: Topic;
  readonly aclBindingRules: Topic;
  readonly aclUsers: Topic;
  readonly key: (key: string) => Topic;
  readonly tree: (prefix: string) => Topic;
} = {
  /** Stands for every topic. A restore touches it, which wakes all watchers. No query depends on it alone. */
  everything: "*",
  /** Topic of the list of nodes. */
  nodes: "nodes",
  /** Topic of the list of services with their tags. */
  services: "services",
  /** Topic of the list of all checks. */
  checks: "checks",
  /** Returns the topic of a node and the services on it. */
  node: (name) => nodeTopicPrefix + fold(name),
  /** Returns the topic of the checks of a node and of the services on it. */
  nodeChecks: (name) => nodeChecksTopicPrefix + fold(name),
  /** Returns the topic of the instances of a service, their nodes and their checks. */
  service: (name) => `service/${fold(name)}`,
  serviceChecks: (name) => serviceChecksTopicPrefix + fold(name),
  /** Returns the topic of the health of a service's Connect-capable instances: sidecar proxies and Connect-native ones. */
  connect: (name) => `connect/${fold(name)}`,
  checksInStatus: (status) => `status/${status}`,
  sessions: "sessions",
  nodeSessions: (node) => `node-sessions/${fold(node)}`,
  session: (id) => sessionTopicPrefix + fold(id),
  /** Topic of the nodes' network coordinates. The coordinates are not part of the state. */
  coordinates: "coordinates",
  /** Topic of answers sorted by distance. It is touched together with `coordinates`, but has no index and wakes no watcher. */
  distances: "distances",
  preparedQueries: "prepared-queries",
  preparedQuery: (id) => `prepared-query/${fold(id)}`,
  /** Topic of the list of trials: see model/kv-trial.ts. */
  kvTrials: "kv-trials",
  /** Topic of intentions, configuration entries and gateways. Praetor has none of them, so no write touches the topic. */
  mesh: "mesh",
  /** Topic of the list of the cluster's agents. */
  members: "members",
  // Consul: any write of a kind of access control's objects wakes all queries of that kind.
  aclTokens: "acl-tokens",
  aclPolicies: "acl-policies",
  aclRoles: "acl-roles",
  aclAuthMethods: "acl-auth-methods",
  aclBindingRules: "acl-binding-rules",
  aclUsers: "acl-users",
  key: (key) => keyTopicPrefix + key,
  tree: (prefix) => treeTopicPrefix + prefix,
};

const nodeTopicPrefix = "node/";
const nodeChecksTopicPrefix = "node-checks/";
const serviceChecksTopicPrefix = "service-checks/";
const sessionTopicPrefix = "session/";
const keyTopicPrefix = "kv/";
const treeTopicPrefix = "kv*";

/** Returns the lower-case node name in a node's topic, or undefined for any other topic. */
export function nodeOfTopic(topic: Topic): string | undefined {
  return topic.startsWith(nodeTopicPrefix) ? topic.slice(nodeTopicPrefix.length) : undefined;
}

/** Returns the lower-case node name in the topic of a node's checks, or undefined for any other topic. */
export function nodeOfChecksTopic(topic: Topic): string | undefined {
  return topic.startsWith(nodeChecksTopicPrefix) ? topic.slice(nodeChecksTopicPrefix.length) : undefined;
}

/** Returns the lower-case service name in the topic of a service's checks, or undefined for any other topic. */
export function serviceOfChecksTopic(topic: Topic): string | undefined {
  return topic.startsWith(serviceChecksTopicPrefix) ? topic.slice(serviceChecksTopicPrefix.length) : undefined;
}

/** Returns the lower-case session id in a session's topic, or undefined for any other topic. */
export function sessionOfTopic(topic: Topic): string | undefined {
  return topic.startsWith(sessionTopicPrefix) ? topic.slice(sessionTopicPrefix.length) : undefined;
}

/** Returns the key in a key's topic, or undefined for any other topic. */
export function keyOfTopic(topic: Topic): string | undefined {
  return topic.startsWith(keyTopicPrefix) ? topic.slice(keyTopicPrefix.length) : undefined;
}

/** Returns the prefix in a tree's topic, or undefined for any other topic. */
export function prefixOfTopic(topic: Topic): string | undefined {
  return topic.startsWith(treeTopicPrefix) ? topic.slice(treeTopicPrefix.length) : undefined;
}
