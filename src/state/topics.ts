/**
 * What a blocking query can wait for. A write touches the topics whose answers it can have changed and wakes nobody
 * else; each topic has an index, the index of the write that last touched it.
 *
 * Topics of keys are "kv/<key>". A query for a tree waits for "kv*<prefix>", which is touched by each key below it and
 * is not stored: its index is the highest of its keys'.
 */
export type Topic = string;

/** Names of nodes, services and checks are compared without regard to letter case. Consul: its tables' indexes do so. */
export function fold(name: string): string {
  return name.toLowerCase();
}

export const topics: {
  readonly nodes: Topic;
  readonly services: Topic;
  readonly checks: Topic;
  readonly node: (name: string) => Topic;
  readonly nodeChecks: (name: string) => Topic;
  readonly service: (name: string) => Topic;
  readonly serviceChecks: (name: string) => Topic;
  readonly checksInStatus: (status: string) => Topic;
  readonly sessions: Topic;
  readonly nodeSessions: (node: string) => Topic;
  readonly session: (id: string) => Topic;
  readonly preparedQueries: Topic;
  readonly preparedQuery: (id: string) => Topic;
  readonly key: (key: string) => Topic;
  readonly tree: (prefix: string) => Topic;
} = {
  /** The list of nodes. */
  nodes: "nodes",
  /** The list of services with their tags. */
  services: "services",
  /** Every check. */
  checks: "checks",
  /** A node and the services on it. */
  node: (name) => `node/${fold(name)}`,
  /** The checks of a node and of the services on it. */
  nodeChecks: (name) => `node-checks/${fold(name)}`,
  /** The instances of a service, their nodes and their checks. */
  service: (name) => `service/${fold(name)}`,
  serviceChecks: (name) => `service-checks/${fold(name)}`,
  checksInStatus: (status) => `status/${status}`,
  sessions: "sessions",
  nodeSessions: (node) => `node-sessions/${fold(node)}`,
  session: (id) => sessionTopicPrefix + fold(id),
  preparedQueries: "prepared-queries",
  preparedQuery: (id) => `prepared-query/${fold(id)}`,
  key: (key) => keyTopicPrefix + key,
  tree: (prefix) => treeTopicPrefix + prefix,
};

const sessionTopicPrefix = "session/";
const keyTopicPrefix = "kv/";
const treeTopicPrefix = "kv*";

/** The folded id of a session's topic, or undefined. */
export function sessionOfTopic(topic: Topic): string | undefined {
  return topic.startsWith(sessionTopicPrefix) ? topic.slice(sessionTopicPrefix.length) : undefined;
}

/** The key of a key's topic, or undefined. */
export function keyOfTopic(topic: Topic): string | undefined {
  return topic.startsWith(keyTopicPrefix) ? topic.slice(keyTopicPrefix.length) : undefined;
}

/** The prefix of a tree's topic, or undefined. */
export function prefixOfTopic(topic: Topic): string | undefined {
  return topic.startsWith(treeTopicPrefix) ? topic.slice(treeTopicPrefix.length) : undefined;
}
