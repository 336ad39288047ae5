import type { RowIndexes } from "./node.ts";

/** A question to the catalog that is asked by its name or id, or a template of such questions. */
export interface PreparedQuery {
  /** A UUID. */
  readonly id: string;
  /** "" for one that is asked by its id alone, or for the template of all names that have no other. */
  readonly name: string;
  /** The session that it ends with; "" for none. */
  readonly session: string;
  /** Kept and shown; there are no access control lists. */
  readonly token: string;
  readonly template: QueryTemplate;
  readonly service: ServiceQuery;
  /** How long DNS clients may keep the answer, as it was given; "" leaves it to the agent. */
  readonly dnsTtl: string;
}

export interface QueryTemplate {
  /** "" for a query that is none. */
  readonly type: string;
  /** Its groups are what match() gives. */
  readonly regexp: string;
  readonly removeEmptyTags: boolean;
}

/** Which instances are the answer. Lists and maps are null where Consul keeps nil: clients see the difference. */
export interface ServiceQuery {
  readonly service: string;
  readonly failover: QueryFailover;
  /** Leaves out instances with a warning, too. */
  readonly onlyPassing: boolean;
  readonly ignoreCheckIds: readonly string[] | null;
  /** A node's name, or "_agent" or "_ip". */
  readonly near: string;
  /** Tags that an instance must have or, with a "!" before it, must not have. */
  readonly tags: readonly string[] | null;
  readonly nodeMeta: Readonly<Record<string, string>> | null;
  readonly serviceMeta: Readonly<Record<string, string>> | null;
  /** Only proxies of the service and instances that are their own. */
  readonly connect: boolean;
}

/** Other datacenters to ask when this one has no instance. */
export interface QueryFailover {
  readonly nearestN: number;
  readonly datacenters: readonly string[] | null;
}

export type PreparedQueryRow = PreparedQuery & RowIndexes;

/** Whether it can be found by its name, which for a template may be "". */
export function isNamed(query: PreparedQuery): boolean {
  return query.name !== "" || isTemplate(query);
}

export function isTemplate(query: PreparedQuery): boolean {
  return query.template.type !== "";
}
