import type { Clock } from "../lib/clock.ts";
import { OperatingError } from "../lib/errors.ts";
import type { Log } from "../lib/log.ts";
import type { Meter, Metrics } from "../lib/metrics.ts";
import type { Random } from "../lib/random.ts";
import { shuffle } from "../lib/shuffle.ts";
import { isUuid } from "../lib/uuid.ts";
import { isNamed, isTemplate, type PreparedQueryRow, type ServiceQuery } from "../model/prepared-query.ts";
import { renderTemplate } from "../model/query-template.ts";
import { listNodes } from "../state/lookup.ts";
import { findPreparedQuery, getPreparedQuery } from "../state/prepared-query.ts";
import { redactQuery } from "../state/tables/prepared-query.ts";
import { fold } from "../state/topics.ts";
import type { Caller, Callers } from "./caller.ts";
import { hasMeta } from "./catalog.ts";
import { connectHealth, serviceHealth, type CheckedInstance } from "./health.ts";
import { permissionDenied } from "./permissions.ts";
import type { Registry } from "./registry.ts";

/** Sorts instances by their distance from a node. Instances of equal or unknown distance keep their order. */
export interface DistanceOrder {
  nearestFirst(rows: readonly CheckedInstance[], from: string): readonly CheckedInstance[];
}

export interface PreparedQueriesOptions {
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly random: Random;
  readonly log: Log;
  readonly datacenter: string;
  /** The name of the agent's own node, to which "_agent" refers. */
  readonly node: string;
  readonly distances?: DistanceOrder | undefined;
  readonly callers: Callers;
}

/** The parameters of one execution. */
export interface ExecutionOptions {
  /** Maximum number of instances to return; 0: all. */
  readonly limit: number;
  /** The node from which distances are measured; "": the `near` node of the prepared query. */
  readonly near: string;
  /** The client's IP address, to which "_ip" refers. */
  readonly clientAddress: string | undefined;
  /** The node of the agent that the client asked, to which "_agent" refers; undefined for this agent's own node. */
  readonly agentNode?: string | undefined;
  readonly connect: boolean;
  /** The registry of the caller. A query that has a token shows the instances that its token may see instead. */
  readonly registry: Registry;
}

export interface QueryAnswer {
  readonly service: string;
  readonly instances: readonly CheckedInstance[];
  readonly dnsTtl: string;
  readonly datacenter: string;
  /** The number of other datacenters that were queried. */
  readonly failovers: number;
}

/** Executes prepared queries for HTTP and DNS: by id, by name, or by a name that a template matches. */
export class PreparedQueries {
  readonly #store: Registry;
  readonly #options: PreparedQueriesOptions;
  readonly #executing: Meter;
  readonly #explaining: Meter;

  constructor(store: Registry, options: PreparedQueriesOptions) {
    this.#store = store;
    this.#options = options;
    this.#executing = options.metrics.sample("consul.prepared-query.execute");
    this.#explaining = options.metrics.sample("consul.prepared-query.explain");
  }

  /**
   * Returns the prepared query with this id or name; a template is rendered for the name. Returns undefined if no prepared query
   * has the id or matches the name.
   * @throws OperatingError invalid for the id of a template, or when the template cannot be rendered for the name; forbidden
   */
  explain(idOrName: string, { rights }: Pick<Caller, "rights">): PreparedQueryRow | undefined {
    return this.#timed(this.#explaining, () => {
      const query = this.#resolve(idOrName);
      if (query && isNamed(query) && !rights.may("query", "read", query.name)) throw permissionDenied();
      return query && redactQuery(query, rights);
    });
  }

  /**
   * Returns the answer of the prepared query with this id or name, or undefined for an unknown one.
   * @throws OperatingError invalid, in the same cases as `explain`
   */
  execute(idOrName: string, execution: ExecutionOptions): QueryAnswer | undefined {
    return this.#timed(this.#executing, () => {
      const query = this.#resolve(idOrName);
      return query && this.#run(query, execution);
    });
  }

  #resolve(idOrName: string): PreparedQueryRow | undefined {
    const { state } = this.#store;
    const byId = isUuid(idOrName) ? getPreparedQuery(state, idOrName) : undefined;
    if (byId && isTemplate(byId)) {
      const what = "prepared query templates can only be resolved up by name, not by ID";
      throw new OperatingError("invalid", "query-template", what);
    }
    const found = byId ?? findPreparedQuery(state, idOrName);
    return found && isTemplate(found) ? renderTemplate(found, idOrName) : found;
  }

  #run(query: PreparedQueryRow, execution: ExecutionOptions): QueryAnswer {
    // Consul: the query itself asks for no permission, so that everyone can run it who knows its name.
    const registry = query.token === "" ? execution.registry : this.#options.callers.callerOf(query.token).registry;
    const found = this.#instances(registry, query.service, execution.connect || query.service.connect);
    const near = this.#nearNode(execution.near === "" ? query.service.near : execution.near, execution);
    const ordered = this.#sorted(found, near);
    const instances = execution.limit > 0 ? ordered.slice(0, execution.limit) : ordered;
    if (instances.length === 0) this.#logSkippedDatacenters(query.service);
    const { datacenter } = this.#options;
    return { service: query.service.service, instances, dnsTtl: query.dnsTtl, datacenter, failovers: 0 };
  }

  #timed<T>(meter: Meter, run: () => T): T {
    const { clock } = this.#options;
    const startMs = clock.monotonicMs();
    try {
      return run();
    } finally {
      meter.add(clock.monotonicMs() - startMs);
    }
  }

  /** Returns the instances of the service that match the prepared query; with `connect`, only Connect-capable instances. */
  #instances(registry: Registry, service: ServiceQuery, connect: boolean): readonly CheckedInstance[] {
    const find = connect ? connectHealth : serviceHealth;
    const health = find(service.service, { tags: [], meta: service.nodeMeta ?? {}, passingOnly: false });
    return registry.read(health).filter((instance) => matches(instance, service));
  }

  /** Shuffles the instances to spread the load, then sorts them by their distance from the node `near`, if it is not "". */
  #sorted(instances: readonly CheckedInstance[], near: string): readonly CheckedInstance[] {
    const shuffled = shuffle(instances, this.#options.random);
    if (near === "") return shuffled;
    const ordered = this.#options.distances?.nearestFirst(shuffled, near) ?? shuffled;
    // Consul looks for the `near` node among the first ten instances only, and swaps that node's instance with the first.
    const at = ordered.slice(0, 10).findIndex(({ node }) => node.name === near);
    return at > 0 ? swappedWithFirst(ordered, at) : ordered;
  }

  /** Returns the name of the node that `near` means; "" if no node has the client's address. */
  #nearNode(near: string, { clientAddress, agentNode }: ExecutionOptions): string {
    if (near === "_agent") return agentNode ?? this.#options.node;
    if (near !== "_ip") return near;
    return listNodes(this.#store.state).find(({ address }) => address === clientAddress)?.name ?? "";
  }

  /** Logs that each failover datacenter of a prepared query is skipped as unknown: there is only one datacenter. */
  #logSkippedDatacenters({ failover }: ServiceQuery): void {
    for (const datacenter of failover.datacenters ?? [])
      this.#options.log.debug("Skipping unknown datacenter in prepared query", { datacenter });
  }
}

function matches({ service, checks }: CheckedInstance, wanted: ServiceQuery): boolean {
  const { ignoreCheckIds, onlyPassing, serviceMeta, tags } = wanted;
  const isHealthy = checks.every(
    ({ id, status }) =>
      status === "passing" || (status === "warning" && !onlyPassing) || (ignoreCheckIds?.includes(id) ?? false),
  );
  return isHealthy && hasMeta(service, serviceMeta ?? {}) && matchesTags(service.tags, tags ?? []);
}

/**
 * Returns whether an instance with the tags `own` has all wanted tags, in any letter case. Consul: "!tag" wants an instance
 * without the tag.
 */
function matchesTags(own: readonly string[], wanted: readonly string[]): boolean {
  const folded = new Set(own.map(fold));
  return wanted.every((tag) => (tag.startsWith("!") ? !folded.has(fold(tag.slice(1))) : folded.has(fold(tag))));
}

function swappedWithFirst<T>(rows: readonly T[], at: number): readonly T[] {
  const [first] = rows;
  const chosen = rows[at];
  return first === undefined || chosen === undefined ? rows : rows.with(0, chosen).with(at, first);
}
