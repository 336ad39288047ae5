import { boolean, count, duration, oneOf, type Schema, text, uuid } from "./schema.ts";

/** A query parameter as the description has it. */
export interface Parameter {
  readonly description: string;
  readonly schema: Schema;
}

/** A parameter whose presence counts, whatever its value. */
const flag: Schema = { const: true };
const moment: Schema = { ...text, examples: ["17", "2026-01-31T12:00:00Z", "2h"] };

/** The type and meaning of each parameter, wherever it is taken; those with a second meaning are in `exceptions`. */
const parameters: Readonly<Record<string, readonly [Schema, string]>> = {
  acquire: [uuid, "The session that takes the key's lock with this write."],
  address: [text, "The server's address and port."],
  at: [moment, "The moment: an index, a time or an age."],
  authmethod: [text, "Only what belongs to this auth method."],
  by: [oneOf("source", "destination"), "Which side of the intentions the name is."],
  cached: [flag, "Answers as from the cache of Consul's agent."],
  cas: [count, "Writes only if this is the index of the last change; 0: only if there is nothing yet."],
  connect: [boolean, "Finds what takes connections for the service."],
  consistent: [flag, "Answers with all writes that were acknowledged before."],
  dc: [text, "The datacenter: only that of the agent is known."],
  definitions: [flag, "Adds how each check is run."],
  deregistered: [boolean, "Lists halted services, too."],
  destination: [text, "The service that is called."],
  detailed: [flag, "Adds the clock and the versions of each server."],
  dry_run: [flag, "Answers what would be changed, and changes nothing."],
  enable: [boolean, "Whether maintenance begins or ends."],
  filter: [text, "An expression of Consul's filter language: only rows that match."],
  flags: [count, "A number that is kept with the key: 64 bits."],
  flatten: [boolean, "Writes one key for each leaf of the value."],
  format: [text, "Answers in this form."],
  from: [moment, "The earlier moment: an index, a time or an age."],
  hash: [text, "Waits until the ContentHash is another."],
  id: [text, "The server's id."],
  in: [oneOf("keys", "values", "keys,values"), "Where the text is looked for."],
  index: [count, "Waits until the answer's index is higher than this."],
  keyOnly: [boolean, "Answers with the names alone."],
  keys: [flag, "Answers with the names of the keys alone."],
  last: [count, "Begins with so many lines that were logged before."],
  limit: [count, "How many rows at the most."],
  lines: [count, "How many lines at the most."],
  "local-only": [boolean, "Has no effect."],
  logjson: [flag, "Writes each line as JSON."],
  loglevel: [oneOf("trace", "debug", "info", "warn", "err"), "The least level of the lines."],
  max_stale: [duration, "How old the copy may be from which a server answers."],
  name: [text, "Only what has this name."],
  near: [text, "A node: rows of the nodes nearest to it come first. _agent is the agent's own."],
  node: [text, "A regular expression: only nodes that match it."],
  "node-meta": [text, "key:value: only rows of nodes with this pair."],
  note: [text, "The output of the check."],
  passing: [flag, "Only instances whose checks all pass."],
  plaintext: [boolean, "Values as text, not in base64."],
  policy: [text, "Only what links this policy."],
  prefix: [text, "Only keys that begin so."],
  prefixMatch: [boolean, "Deletes the keys below, too."],
  pretty: [flag, "Indents the answer."],
  prune: [flag, "Removes the agent from the members, too."],
  q: [text, "The text to find."],
  raw: [flag, "Answers with the value itself."],
  reason: [text, "The reason of the maintenance, for people."],
  recurse: [flag, "Takes the key for a prefix: all keys that begin so."],
  "relay-factor": [count, "Has no effect."],
  release: [uuid, "The session that gives the key's lock back with this write."],
  "replace-existing-checks": [boolean, "Removes the service's checks that the body does not name."],
  role: [text, "Only what links this role."],
  segment: [text, "Only this network segment."],
  separator: [text, "Cuts names after this text."],
  service: [text, "Only this service."],
  since: [flag, "Adds since when each check has its status."],
  source: [text, "The service that calls."],
  "source-type": [text, "consul."],
  stale: [flag, "Any server may answer, from its own copy."],
  tag: [text, "Only instances that have this tag."],
  to: [moment, "The later moment: an index, a time or an age."],
  topics: [text, "Topics with commas between them."],
  wait: [duration, "The longest wait."],
  wan: [text, "Any text: servers only, under their names for other datacenters."],
};

/** Parameters that mean something else at some paths. */
const exceptions: readonly (readonly [path: RegExp, name: string, Schema, string])[] = [
  [/^\/v1\/praetor\/changes\//, "since", count, "The index after which the events begin."],
  [/^\/v1\/praetor\/transitions/, "since", count, "The number after which the transitions begin."],
  [/^\/v1\/event\/fire\//, "service", text, "A regular expression: only services that match it."],
  [/^\/v1\/event\/fire\//, "tag", text, "A regular expression: only services with a tag that matches it."],
  [/^\/v1\/praetor\/kv-rollback\//, "to", moment, "The moment whose values come back: an index, a time or an age."],
  [/^\/v1\/praetor\/kv-(?:rollback|reset)\//, "cas", count, "The index after which no key may have changed."],
];

/** Returns what a parameter of a path means; undefined for an unknown one. */
export function parameterOf(path: string, name: string): Parameter | undefined {
  const [, , ...own] = exceptions.find(([where, each]) => each === name && where.test(path)) ?? [];
  const [schema, description] = own.length > 0 ? own : (parameters[name] ?? []);
  return schema && description !== undefined ? { schema, description } : undefined;
}

/** The parameters of everything that docs/api.md calls a read. */
export const readParameters = ["index", "wait", "dc", "stale", "max_stale", "consistent", "pretty"] as const;
