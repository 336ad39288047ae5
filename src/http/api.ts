import type { Agent } from "../agent/agent.ts";
import type { Autopilot } from "../cluster/autopilot.ts";
import type { Member } from "../model/member.ts";
import type { Clock } from "../lib/clock.ts";
import type { Log } from "../lib/log.ts";
import type { Metrics } from "../lib/metrics.ts";
import type { Random } from "../lib/random.ts";
import type { CheckOutputs } from "../registry/check-outputs.ts";
import type { Coordinates } from "../registry/coordinates.ts";
import type { Ports } from "../ports/ports.ts";
import type { Events } from "../registry/events.ts";
import type { Nearness } from "../registry/nearness.ts";
import type { PreparedQueries } from "../registry/prepared-query-execution.ts";
import type { WaitLimits } from "../registry/query.ts";
import type { SessionTtls } from "../registry/session-ttls.ts";
import type { Store } from "../registry/store.ts";
import type { AnswerCache } from "./answer-cache.ts";
import type { CachedQuestions } from "./cached-questions.ts";
import type { HttpRequest } from "./http-request.ts";

/** What the endpoints work on. */
export interface Api {
  readonly store: Store;
  readonly outputs: CheckOutputs;
  readonly sessionTtls: SessionTtls;
  readonly agent: Agent;
  readonly preparedQueries: PreparedQueries;
  readonly answers: AnswerCache;
  /** undefined: `?cached` is passed over. */
  readonly cachedQuestions: CachedQuestions | undefined;
  readonly events: Events;
  readonly ports: Ports;
  readonly coordinates: Coordinates;
  readonly nearness: Nearness;
  readonly metrics: Metrics;
  /** Whether metrics are also told in the format of Prometheus. */
  readonly prometheus: boolean;
  readonly autopilot: Autopilot;
  /** When the agent started, in milliseconds since 1970. */
  readonly startedMs: number;
  readonly members: () => readonly Member[];
  /** host:port of the leader and of all servers. */
  readonly leader: string;
  readonly datacenter: string;
  readonly kvValueBytesMax: number;
  readonly sessionTtlMsMin: number;
  /** The limit of a transaction's body. */
  readonly txnBytesMax: number;
  /** The limit of a check's kept output where the check sets none. */
  readonly checkOutputBytesMax: number;
  readonly waitLimits: WaitLimits;
  /** undefined: no UI is served. */
  readonly ui: UiPlace | undefined;
  /** What agent/self tells, made anew at each call. */
  readonly self: () => SelfDescription;
  /** What agent/host tells of the machine. */
  readonly host: () => Promise<object>;
  readonly reload: () => Promise<void>;
  /** Makes the catalog say of this node what its agent knows. */
  readonly resync: () => Promise<void>;
  readonly leave: () => void;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

export interface UiPlace {
  /** Starts and ends with a slash. */
  readonly contentPath: string;
  /** Served instead of the built-in page. */
  readonly folder: string | undefined;
}

export interface SelfDescription {
  readonly config: object;
  readonly debugConfig: object;
  readonly stats: object;
  readonly meta: Readonly<Record<string, string>>;
}

export type Endpoint = (request: HttpRequest) => Response | Promise<Response>;
export type Method = "GET" | "PUT" | "POST" | "DELETE";

/** One path of the API; a path that ends in "/" takes in all below it. */
export interface Route {
  readonly path: string;
  readonly methods: { readonly [M in Method]?: Endpoint };
  /** Answers all other methods, whatever they are. */
  readonly any?: Endpoint;
}
