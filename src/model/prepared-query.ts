import type { RowIndexes } from "./node.ts";

/** A stored query of a service's instances that clients run by its name or id; or a template of such queries. */
export interface PreparedQuery {
  /** A UUID. */
  readonly id: string;
  /**
   * The prepared query's name. "" for a prepared query that is run by its id only, and for the template that matches all other
   * names.
   */
  readonly name: string;
  /** The session whose end deletes the prepared query; "" for none. */
  readonly session: string;
  /** The secret of the token with whose rights the query runs; "" for the rights of the caller. */
  readonly token: string;
  readonly template: QueryTemplate;
  readonly service: ServiceQuery;
  /** TTL of DNS answers, as the client wrote it; "" uses the agent's configuration. */
  readonly dnsTtl: string;
}

export interface QueryTemplate {
  /** The template's type; "" for a prepared query that is not a template. */
  readonly type: string;
  /** A regular expression for the queried name; match(n) in the template's texts returns the text of its group n. */
  readonly regexp: string;
  readonly removeEmptyTags: boolean;
}

/**
 * The conditions that select the instances of the result. Lists and maps are null where Consul keeps nil, because responses
 * distinguish null from [].
 */
export interface ServiceQuery {
  readonly service: string;
  readonly failover: QueryFailover;
  /** Whether to exclude instances with the status warning, too, not only critical ones. */
  readonly onlyPassing: boolean;
  readonly ignoreCheckIds: readonly string[] | null;
  /** The node by whose round-trip times the instances are sorted: its name, "_agent" or "_ip"; "" for no such order. */
  readonly near: string;
  /** Tags that an instance must have or, with a leading "!", must not have. */
  readonly tags: readonly string[] | null;
  readonly nodeMeta: Readonly<Record<string, string>> | null;
  readonly serviceMeta: Readonly<Record<string, string>> | null;
  /** Whether to select only Connect-capable instances: the service's sidecar proxies and Connect-native instances. */
  readonly connect: boolean;
}

/** Other datacenters to query when this one has no instance. */
export interface QueryFailover {
  readonly nearestN: number;
  readonly datacenters: readonly string[] | null;
}

export type PreparedQueryRow = PreparedQuery & RowIndexes;

/** Returns whether the prepared query can be run by a name: it has a name, or it is a template, whose name may be "". */
export function isNamed(query: PreparedQuery): boolean {
  return query.name !== "" || isTemplate(query);
}

export function isTemplate(query: PreparedQuery): boolean {
  return query.template.type !== "";
}
