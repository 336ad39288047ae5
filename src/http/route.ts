import type { Agent } from "../agent/agent.ts";
import type { Clock } from "../lib/clock.ts";
import type { Meter } from "../lib/metrics.ts";
import type { Random } from "../lib/random.ts";
import type { LeaderContact } from "../registry/cluster-view.ts";
import type { Nearness } from "../registry/nearness.ts";
import type { WaitLimits } from "../registry/blocking-query.ts";
import type { Registry } from "../registry/registry.ts";
import type { AnswerCache } from "./answer-cache.ts";
import type { HttpRequest } from "./http-request.ts";
import type { SendToServer } from "./forwarding.ts";

export type Method = "GET" | "PUT" | "POST" | "DELETE";

/** One path of the API, and the facts by which the router treats its requests (answer-by-route.ts). */
export type Route = AgentRoute | DatacenterRoute;

interface RouteFacts {
  /** A path that ends in "/" includes all paths below it. */
  readonly path: string;
  /** The permission that access control asks for; by method if the methods differ. */
  readonly access: Access | AccessByMethod;
  /** In Consul Enterprise, the rows of this path belong to a namespace. A request that names a namespace is refused. */
  readonly namespaced?: true;
  /** How a GET may stay open: until the client's `index` or `hash` is out of date, or as a stream of lines. */
  readonly held?: "index" | "hash" | "stream";
  /**
   * The methods for which the router checks `index`, `wait` and consistency before the endpoint reads the request; with
   * "consistency" it checks only the consistency. Default: GET in the datacenter's scope, no method in the agent's.
   */
  readonly options?: readonly Method[] | "consistency";
  /** How Consul's agent caches this route. A GET with `?cached` then gets the headers that this cache would cause. */
  readonly consulCache?: ConsulCache;
}

/**
 * "open": nothing; the token of a request is not even looked at. "token": a token that exists, or none; the registry leaves out and
 * refuses what the caller may not see and change, and the endpoint asks for what the registry does not know (demand.ts). "endpoint":
 * the same, but the endpoint itself asks, after it has read the request, since Consul names faults of the request first. Otherwise
 * the permission itself.
 */
export type Access = "open" | "token" | "endpoint" | Permission;

export type AccessByMethod = Readonly<Record<string, Access>>;

/** A permission that does not depend on the request: that for an agent is for this agent's own node. */
export type Permission = "acl:write" | "agent:read" | "agent:write" | "operator:read" | "operator:write";

/** A route that the agent answers from its own data. `?dc` is ignored; with scope "body" the body names the datacenter. */
export interface AgentRoute extends RouteFacts {
  readonly scope: "agent" | "body";
  readonly methods: Methods<Endpoint>;
  /** The endpoint for all other methods; a method without an endpoint is refused. */
  readonly any?: Endpoint;
}

/** A route that the servers of a datacenter answer. The router checks `?dc` before it runs the operation. */
export interface DatacenterRoute extends RouteFacts {
  readonly scope: "datacenter";
  readonly methods: Methods<DatacenterEndpoint>;
  /** The methods that Consul always sends to the primary datacenter, so `?dc` is ignored. */
  readonly inPrimary?: readonly Method[];
  /** Consul: a GET that fails with status 500 in the operation carries the headers `failedReadHeaders`. */
  readonly failsWithMeta?: true;
}

type Methods<T> = { readonly [M in Method]?: T };

export type Endpoint = (request: HttpRequest) => Response | Promise<Response>;

/** Reads path, parameters and body, and returns the operation to run in the datacenter. */
export type DatacenterEndpoint = (request: HttpRequest) => Operation | Promise<Operation>;

/** A read or a write of the datacenter. */
export type Operation = (reading: Reading) => Response | Promise<Response>;

/** The parts of the agent that every read uses. */
export interface Reading {
  readonly store: Registry;
  readonly cluster: LeaderContact;
  /**
   * Sends a request to the leader, and waits for a leader for as long as a write does; undefined on a server that stands alone.
   * @throws OperatingError unavailable "no-leader"
   */
  readonly sendToLeader: SendToServer | undefined;
  readonly answers: AnswerCache;
  /** Counts the queries. */
  readonly queries: Pick<Meter, "add">;
  readonly waitLimits: WaitLimits;
  readonly nearness: Nearness;
  readonly agent: Pick<Agent, "node">;
  readonly clock: Clock;
  readonly random: Random;
}

/** How Consul's agent caches a request. */
export interface ConsulCache {
  /**
   * "refreshed": after the first request the agent keeps the answer current in the background. "simple": the answer ages until a
   * request wants a newer one.
   */
  readonly kind: "refreshed" | "simple";
  /** Consul's name of this kind of request. */
  readonly type: string;
  /**
   * Parameters that are part of the cache's key. Consul: parameters that only format or sort the answer (`passing`, `near`,
   * `pretty`), or choose its source, are not.
   */
  readonly parameters: readonly string[];
  /** The end of a path whose answers are cached; default: all paths of the route. */
  readonly pathEnd?: string;
}
