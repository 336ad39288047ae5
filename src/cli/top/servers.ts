import { type Clock, sleep } from "../../lib/clock.ts";
import type { AgentApi } from "../api-command.ts";
import { columns } from "../columns.ts";
import { printable } from "../printable.ts";
import { askServers, lagOf, quorumRisk, type ServerHealth, type ServersHealth } from "../../doctor/server-health.ts";
import { bodyRows, type Size } from "./body.ts";

/** Milliseconds between two questions, and for an agent that has one server, as a gateway has. */
const pauseMs = 2_000;
const loneMs = 60_000;
/** Milliseconds until a question without an answer is given up. Without a leader an agent holds it for seven seconds. */
const timeoutMs = 15_000;
/** Number of lines that are left to the services. With fewer, the servers have one line. */
const bodyRowsMin = 5;

/** Asks how the servers are. Resolves with undefined if the agent cannot tell, or there is one server alone. */
export async function readServers(
  api: Pick<AgentApi, "request">,
  signal?: AbortSignal,
): Promise<ServersHealth | undefined> {
  const servers = await askServers(api, { timeoutMs, ...(signal && { signal }) });
  return servers && servers.all.length > 1 ? servers : undefined;
}

export interface FollowOptions {
  readonly api: Pick<AgentApi, "request">;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Called with each answer; undefined while the servers are not known. */
  readonly onServers: (servers: ServersHealth | undefined) => void;
}

/** Asks every two seconds how the servers are, until the signal aborts. An agent of one server is asked once a minute. */
export async function followServers({ api, clock, signal, onServers }: FollowOptions): Promise<void> {
  let areSeveral = false;
  while (!signal.aborted) {
    const servers = await readServers(api, signal);
    if (signal.aborted) return;
    areSeveral ||= servers !== undefined;
    onServers(servers);
    await sleep(clock, areSeveral ? pauseMs : loneMs, signal);
  }
}

/** Returns the lines about the servers, without colours: a summary, and a line for each server if the screen has room. */
export function serverLines(servers: ServersHealth | undefined, size: Size): readonly string[] {
  if (servers === undefined) return [];
  const lines = [summary(servers), ...table(servers)];
  const isRoomy = bodyRows(size) - lines.length >= bodyRowsMin;
  return isRoomy ? lines : lines.slice(0, bodyRows(size) > bodyRowsMin ? 1 : 0);
}

/** Whether the line at the top says that writes are in danger. */
export function isAtRisk(servers: ServersHealth | undefined): boolean {
  return servers !== undefined && quorumRisk(servers) !== undefined;
}

function summary(servers: ServersHealth): string {
  const risk = quorumRisk(servers);
  if (risk !== undefined) return `QUORUM AT RISK: ${risk}.`;
  const healthy = servers.all.filter(({ isHealthy }) => isHealthy).length;
  return `${healthy} of ${servers.all.length} servers are healthy, and ${servers.failureTolerance} may fail.`;
}

function table(servers: ServersHealth): readonly string[] {
  const rows = servers.all.map((server) => [
    server.isHealthy ? "healthy" : "UNHEALTHY",
    printable(server.name),
    roleOf(server),
    server.index > 0 ? `${lagOf(server, servers)} behind` : "",
    server.leads ? "" : `heard ${server.lastContact === "never" ? "no more" : `${server.lastContact} ago`}`,
    printable(server.address),
  ]);
  const titles = ["HEALTH", "SERVER", "ROLE", "WRITES", "CONTACT", "ADDRESS"];
  return columns([titles, ...rows])
    .trimEnd()
    .split("\n");
}

function roleOf({ leads, isVoter }: ServerHealth): string {
  if (leads) return "leader";
  return isVoter ? "follower" : "no vote yet";
}
