import type { Agent } from "../agent/agent.ts";
import type { Clock } from "../lib/clock.ts";
import type { Random } from "../lib/random.ts";
import type { Nearness } from "../registry/nearness.ts";
import type { WaitLimits } from "../registry/query.ts";
import type { Reader } from "../registry/reader.ts";
import type { Registry } from "../registry/registry.ts";
import type { AnswerCache } from "./answer-cache.ts";
import type { HttpRequest } from "./http-request.ts";

export type Method = "GET" | "PUT" | "POST" | "DELETE";

/** One path of the API, and the facts by which the router treats its requests (answer-by-route.ts). */
export type Route = AgentRoute | DatacenterRoute;

interface RouteFacts {
  /** A path that ends in "/" includes all paths below it. */
  readonly path: string;
  /** Its services, keys or sessions would be in a namespace: a request that names one is refused. */
  readonly namespaced?: true;
  /** A GET that may be answered late: while `index` or `hash` is current, or line by line in a stream. */
  readonly held?: "index" | "hash" | "stream";
  /**
   * Which methods have their query options checked before all else; or, of a GET, the consistency alone. Unless given, GET
   * in the datacenter's scope and none in the agent's.
   */
  readonly options?: readonly Method[] | "consistency";
  /** A GET with `?cached` shows what Consul's agent cache would do. */
  readonly consulCache?: ConsulCache;
}

/** The agent answers for itself. `?dc` is ignored: with scope "body" the body names the datacenter instead. */
export interface AgentRoute extends RouteFacts {
  readonly scope: "agent" | "body";
  readonly methods: Methods<Endpoint>;
  /** Answers all other methods. */
  readonly any?: Endpoint;
}

/** The servers of a datacenter answer: the router checks `?dc` before it runs the operation. */
export interface DatacenterRoute extends RouteFacts {
  readonly scope: "datacenter";
  readonly methods: Methods<DatacenterEndpoint>;
  /** Consul: these methods always go to the primary datacenter, so `?dc` is ignored. */
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

/** What every read uses. */
export interface Reading {
  readonly store: Registry;
  /** Runs the queries of clients, none of which shows a token yet. */
  readonly reader: Reader;
  readonly answers: AnswerCache;
  readonly waitLimits: WaitLimits;
  readonly nearness: Nearness;
  readonly agent: Pick<Agent, "node">;
  readonly clock: Clock;
  readonly random: Random;
}

/** How Consul's agent caches a request. */
export interface ConsulCache {
  /**
   * Background refresh: once requested, the agent keeps the answer current. Simple: the answer ages until a request wants
   * a younger one.
   */
  readonly kind: "refreshed" | "simple";
  /** Consul's name of this kind of request. */
  readonly type: string;
  /**
   * Parameters whose values make it another request. Consul: those that only shape or sort the answer (`passing`, `near`,
   * `pretty`), or say where it comes from, do not.
   */
  readonly parameters: readonly string[];
  /** Only answers of paths that end so are cached. */
  readonly pathEnd?: string;
}
