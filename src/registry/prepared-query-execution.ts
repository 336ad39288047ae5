import type { Clock } from "../lib/clock.ts";
import { OperatingError } from "../lib/errors.ts";
import type { Log } from "../lib/log.ts";
import type { Meter, Metrics } from "../lib/metrics.ts";
import type { Random } from "../lib/random.ts";
import { shuffle } from "../lib/shuffle.ts";
import { isUuid } from "../lib/uuid.ts";
import { isTemplate, type PreparedQueryRow, type ServiceQuery } from "../model/prepared-query.ts";
import { renderTemplate } from "../model/query-template.ts";
import { listNodes } from "../state/lookup.ts";
import { findPreparedQuery, getPreparedQuery } from "../state/prepared-query.ts";
import { fold } from "../state/topics.ts";
import { hasMeta } from "./catalog.ts";
import { connectHealth, serviceHealth, type CheckedInstance } from "./health.ts";
import type { Registry } from "./registry.ts";

/** Puts instances in order of their distance from a node; equally far or unknown ones stay as they are. */
export interface DistanceOrder {
  nearestFirst(rows: readonly CheckedInstance[], from: string): readonly CheckedInstance[];
}

export interface PreparedQueriesOptions {
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly random: Random;
  readonly log: Log;
  readonly datacenter: string;
  /** The agent's own node: "_agent". */
  readonly node: string;
  readonly distances?: DistanceOrder | undefined;
}

/** How a query is to be executed. */
export interface ExecutionOptions {
  /** At most so many instances; 0 for all. */
  readonly limit: number;
  /** Counts before the query's own; "" for none. */
  readonly near: string;
  /** The address of who asks, for "_ip". */
  readonly clientAddress: string | undefined;
  readonly connect: boolean;
}

export interface QueryAnswer {
  readonly service: string;
  readonly instances: readonly CheckedInstance[];
  readonly dnsTtl: string;
  readonly datacenter: string;
  /** How many other datacenters were asked. */
  readonly failovers: number;
}

/** Asks prepared queries, for every front end: by id, by name, or by a name that a template is for. */
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
   * The query that is meant, with a template made into one for this name; undefined when there is none.
   * @throws OperatingError invalid when it is a template's id, or the template cannot be used for this name
   */
  explain(idOrName: string): PreparedQueryRow | undefined {
    return this.#timed(this.#explaining, () => this.#resolve(idOrName));
  }

  /** undefined when there is no such query. @throws OperatingError invalid as explain */
  execute(idOrName: string, wishes: ExecutionOptions): QueryAnswer | undefined {
    return this.#timed(this.#executing, () => {
      const query = this.#resolve(idOrName);
      return query && this.#ask(query, wishes);
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

  #ask(query: PreparedQueryRow, wishes: ExecutionOptions): QueryAnswer {
    const found = this.#instances(query.service, wishes.connect || query.service.connect);
    const near = this.#nearNode(wishes.near === "" ? query.service.near : wishes.near, wishes.clientAddress);
    const ordered = this.#inOrder(found, near);
    const instances = wishes.limit > 0 ? ordered.slice(0, wishes.limit) : ordered;
    if (instances.length === 0) this.#tellOfFailover(query.service);
    const { datacenter } = this.#options;
    return { service: query.service.service, instances, dnsTtl: query.dnsTtl, datacenter, failovers: 0 };
  }

  #timed<T>(meter: Meter, ask: () => T): T {
    const { clock } = this.#options;
    const startMs = clock.monotonicMs();
    try {
      return ask();
    } finally {
      meter.add(clock.monotonicMs() - startMs);
    }
  }

  /** Of the service, or of what takes connections of the mesh for it. */
  #instances(service: ServiceQuery, connect: boolean): readonly CheckedInstance[] {
    const find = connect ? connectHealth : serviceHealth;
    const health = find(service.service, { tags: [], meta: service.nodeMeta ?? {}, passingOnly: false });
    return health.read(this.#store.state).filter((instance) => isWanted(instance, service));
  }

  /** At random, so that the load is spread; then by distance, the node itself before all. */
  #inOrder(instances: readonly CheckedInstance[], near: string): readonly CheckedInstance[] {
    const shuffled = shuffle(instances, this.#options.random);
    if (near === "") return shuffled;
    const ordered = this.#options.distances?.nearestFirst(shuffled, near) ?? shuffled;
    // Consul: looks for it among the first ten only, and exchanges it with the first.
    const at = ordered.slice(0, 10).findIndex(({ node }) => node.name === near);
    return at > 0 ? exchanged(ordered, at) : ordered;
  }

  /** "" when it is not known. */
  #nearNode(near: string, clientAddress: string | undefined): string {
    if (near === "_agent") return this.#options.node;
    if (near !== "_ip") return near;
    return listNodes(this.#store.state).find(({ address }) => address === clientAddress)?.name ?? "";
  }

  /** There is no other datacenter: those that a query names are unknown. */
  #tellOfFailover({ failover }: ServiceQuery): void {
    for (const datacenter of failover.datacenters ?? [])
      this.#options.log.debug("Skipping unknown datacenter in prepared query", { datacenter });
  }
}

function isWanted({ service, checks }: CheckedInstance, wanted: ServiceQuery): boolean {
  const { ignoreCheckIds, onlyPassing, serviceMeta, tags } = wanted;
  const isHealthy = checks.every(
    ({ id, status }) =>
      status === "passing" || (status === "warning" && !onlyPassing) || (ignoreCheckIds?.includes(id) ?? false),
  );
  return isHealthy && hasMeta(service, serviceMeta ?? {}) && fitsTags(service.tags, tags ?? []);
}

/** Tags with a "!" before them are not to be there. */
function fitsTags(own: readonly string[], wanted: readonly string[]): boolean {
  const folded = new Set(own.map(fold));
  return wanted.every((tag) => (tag.startsWith("!") ? !folded.has(fold(tag.slice(1))) : folded.has(fold(tag))));
}

function exchanged<T>(rows: readonly T[], at: number): readonly T[] {
  const [first] = rows;
  const chosen = rows[at];
  return first === undefined || chosen === undefined ? rows : rows.with(0, chosen).with(at, first);
}
