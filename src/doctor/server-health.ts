import { jsonOf } from "../client/http.ts";
import { OperatingError } from "../lib/errors.ts";
import type { ExaminedAgent } from "./examined-agent.ts";
import { JsonRow } from "../client/json-row.ts";

/** The servers of a cluster, as its leader judges them. */
export interface ServersHealth {
  /** How many more voters may fail until no leader can be elected. */
  readonly failureTolerance: number;
  /** The leader first. */
  readonly all: readonly ServerHealth[];
}

export interface ServerHealth {
  readonly name: string;
  readonly address: string;
  readonly isHealthy: boolean;
  readonly isVoter: boolean;
  readonly leads: boolean;
  /** The index of the newest write that the server has. */
  readonly index: number;
  /** How long ago the leader last heard from it, as Go writes durations; "never" without a link to it. */
  readonly lastContact: string;
  /** How far its clock is ahead of the leader's at least, in milliseconds; undefined if unknown, as with Consul. */
  readonly clockAheadMs: number | undefined;
  /** Undefined if unknown. `etcd` is "" with an etcd that others run. */
  readonly versions: { readonly praetor: string; readonly etcd: string } | undefined;
}

/** Asks for the health of the servers. Resolves with undefined if the agent cannot tell it. */
export async function askServers(
  api: Pick<ExaminedAgent, "request">,
  { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal?: AbortSignal },
): Promise<ServersHealth | undefined> {
  const path = "/v1/operator/autopilot/health";
  const call = { path, query: { detailed: "" }, timeoutMs, ...(signal && { signal }) };
  try {
    const answer = await api.request(call);
    // Consul answers 429, with the same content, while a server is not healthy.
    return answer.status === 200 || answer.status === 429 ? serversIn(jsonOf(answer)) : undefined;
  } catch (error) {
    if (signal?.aborted || error instanceof OperatingError) return undefined;
    throw error;
  }
}

function serversIn(json: unknown): ServersHealth {
  const health = new JsonRow(json);
  return { failureTolerance: health.number("FailureTolerance"), all: health.rows("Servers").map(serverIn) };
}

function serverIn(server: JsonRow): ServerHealth {
  const versions = server.row("Versions");
  const praetor = versions.text("Praetor");
  return {
    name: server.text("Name"),
    address: server.text("Address"),
    isHealthy: server.bool("Healthy"),
    isVoter: server.bool("Voter"),
    leads: server.bool("Leader"),
    index: server.number("LastIndex"),
    lastContact: server.text("LastContact"),
    clockAheadMs: server.names.includes("ClockAheadMs") ? server.number("ClockAheadMs") : undefined,
    versions: praetor === "" ? undefined : { praetor, etcd: versions.text("Etcd") },
  };
}

/** Returns why one more failure would stop all writes; undefined if it would not, or if there is no other server. */
export function quorumRisk({ failureTolerance, all }: ServersHealth): string | undefined {
  const voters = all.filter(({ isVoter }) => isVoter);
  if (voters.length < 2 || failureTolerance > 0) return undefined;
  const healthy = voters.filter(({ isHealthy }) => isHealthy).length;
  const needed = Math.floor(voters.length / 2) + 1;
  return `${healthy} of ${voters.length} servers are healthy, and ${needed} must be: if one more fails, no write succeeds`;
}

/** Returns how many writes a server is behind the newest that any has. */
export function lagOf({ index }: ServerHealth, { all }: ServersHealth): number {
  return Math.max(...all.map((each) => each.index)) - index;
}
