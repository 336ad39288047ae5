import type { Members } from "../../cluster/members.ts";
import { wanMember } from "../../cluster/server-registration.ts";
import { type Clock, sleep } from "../../lib/clock.ts";
import { messageOf, OperatingError } from "../../lib/errors.ts";
import type { Metrics } from "../../lib/metrics.ts";
import { startingCoordinate } from "../../model/coordinate.ts";
import { isServer } from "../../model/member.ts";
import type { ClusterView } from "../../registry/cluster-view.ts";
import type { Coordinates } from "../../registry/coordinates.ts";
import { encodeCoordinate } from "../../wire/coordinate.ts";
import { encodeMember } from "../../wire/member.ts";
import { encodeMetrics, renderPrometheus } from "../../wire/metrics.ts";
import { empty, json } from "../answers.ts";
import { HttpError } from "../http-error.ts";
import { processMetrics } from "../process-metrics.ts";
import type { HttpRequest } from "../http-request.ts";
import type { Endpoint } from "../route.ts";

export interface AgentParts {
  /** Returns the content of agent/self. */
  readonly self: () => SelfDescription;
  /** Resolves with the description of this machine that agent/host shows. */
  readonly host: () => Promise<object>;
  /** All agents of the cluster, this one first; and `forceLeave`, with which an operator makes a failed agent leave. */
  readonly members: Pick<Members, "all" | "forceLeave">;
  readonly coordinates: Pick<Coordinates, "areWanted">;
  readonly metrics: Metrics;
  /** Whether agent/metrics can also answer in Prometheus's format. */
  readonly prometheus: boolean;
  readonly reload: () => Promise<void>;
  /**
   * Joins the cluster of the server at an address; undefined on a server that stands alone.
   * @throws OperatingError "Failed to join" with the reason
   */
  readonly joinServer: ((address: string) => Promise<void>) | undefined;
  readonly leave: () => void;
}

export interface SelfDescription {
  readonly config: object;
  readonly debugConfig: object;
  readonly stats: object;
  readonly meta: Readonly<Record<string, string>>;
}

export function getSelf(parts: Pick<AgentParts, "self" | "members" | "coordinates">): Endpoint {
  return (request) => {
    const { config, debugConfig, stats, meta } = parts.self();
    const [self] = parts.members.all;
    return json(request, {
      Config: config,
      DebugConfig: debugConfig,
      // Without gossip no distance is measured, so this is the coordinate of a node that has exchanged no message with others.
      Coord: parts.coordinates.areWanted ? encodeCoordinate(startingCoordinate) : null,
      Member: self && encodeMember(self),
      Stats: stats,
      Meta: meta,
    });
  };
}

export function listMembers({ members }: Pick<AgentParts, "members">): (request: HttpRequest) => Response {
  return (request) => {
    const segment = request.query.get("segment");
    if (segment !== undefined && segment !== "" && segment !== "_all") {
      throw new HttpError(500, "Network segments are not supported in this version of Consul");
    }
    // Consul: any value of `wan` except the empty one means true.
    const wan = (request.query.get("wan") ?? "") !== "";
    const all = members.all.filter(({ name }) => request.caller.rights.may("node", "read", name));
    return json(request, (wan ? all.filter(isServer).map(wanMember) : all).map(encodeMember));
  };
}

export function reload(parts: Pick<AgentParts, "reload">): Endpoint {
  return async () => {
    try {
      await parts.reload();
      return empty();
    } catch (error) {
      if (!(error instanceof OperatingError)) throw error;
      // Consul: invalid files are a 500, since the request is valid.
      throw new OperatingError("unavailable", "reload-failed", error.message, { cause: error });
    }
  };
}

export function leave(parts: Pick<AgentParts, "leave">): Endpoint {
  return () => {
    parts.leave();
    return empty();
  };
}

export function getHost({ host }: Pick<AgentParts, "host">): Endpoint {
  return async (request) => json(request, await host());
}

/** Returns the endpoint of agent/join. It succeeds only for this agent's own addresses, since the agent cannot join others. */
export function join({ members, joinServer }: Pick<AgentParts, "joinServer" | "members">): Endpoint {
  return async ({ rest }) => {
    const [self] = members.all;
    const own = self ? [self, wanMember(self)] : [];
    if (own.some(({ address, port }) => rest === address || rest === `${address}:${port}`)) return empty();
    try {
      if (!joinServer) throw alone(rest);
      await joinServer(rest);
      return empty();
    } catch (error) {
      throw new HttpError(500, `1 error occurred:\n\t* ${messageOf(error)}\n\n`);
    }
  };
}

function alone(address: string): OperatingError {
  const host = address.replace(/:\d+$/, "");
  const message = `Failed to join ${host}: this server stands alone. Start it without -bootstrap, and with -retry-join`;
  return new OperatingError("invalid", "server-alone", message);
}

export function forceLeave({ members }: Pick<AgentParts, "members">): Endpoint {
  return async ({ query, rest }) => {
    const prune = query.get("prune") !== undefined;
    if (await members.forceLeave(rest, { prune })) return empty();
    throw new HttpError(500, `agent: No node found with name '${rest}'`);
  };
}

/** How long the metrics wait for servers that do not answer the leader, in milliseconds. */
const judgeMsMax = 2_000;

interface MetricsParts extends Pick<AgentParts, "metrics" | "prometheus"> {
  /** Undefined on a client agent. */
  readonly cluster?: Pick<ClusterView, "isAlone" | "leads" | "health">;
  readonly clock: Clock;
}

export function getMetrics({ metrics, prometheus, cluster, clock }: MetricsParts): Endpoint {
  return async (request) => {
    if (cluster?.leads === true && !cluster.isAlone) await judge(cluster, clock);
    if (request.query.get("format") !== "prometheus") return json(request, encodeMetrics(metrics.lastInterval()));
    if (!prometheus) throw new HttpError(415, "Prometheus is not enabled since its retention time is not positive");
    const headers = { "Content-Type": "text/plain; version=0.0.4; charset=utf-8", Vary: "Accept-Encoding" };
    return new Response(renderPrometheus(metrics.total()) + (await processMetrics()), { headers });
  };
}

/** Lets the leader judge the servers: the gauges of autopilot show its last judgement, and nothing else asks for one. */
async function judge(cluster: Pick<ClusterView, "health">, clock: Clock): Promise<void> {
  const judged = new AbortController();
  const late = sleep(clock, judgeMsMax, judged.signal);
  await Promise.race([cluster.health().catch(() => {}), late]);
  judged.abort();
}
