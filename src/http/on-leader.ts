import type { Registry } from "../registry/registry.ts";
import { forward } from "./forwarding.ts";
import type { HttpRequest } from "./http-request.ts";
import type { DatacenterEndpoint, Operation, Reading } from "./route.ts";

/*
 * Some requests can be answered by the leader only: it has the timers of sessions and the coordinates of nodes, and it alone
 * replaces the whole state. Every other server passes such a request on as it came, and answers with the leader's answer.
 */

/** The way to the leader. */
export interface LeaderAccess extends Pick<Reading, "sendToLeader"> {
  readonly store: Pick<Registry, "leads" | "freshen">;
}

interface OnLeaderOptions {
  /** Whether every server answers a GET with `?stale` itself. */
  readonly staleHere?: boolean;
  /** Whether this server waits until it has what the leader wrote, so that the client can use it here. */
  readonly isUsedHere?: boolean;
}

/** Returns the endpoint that runs at the leader. */
export function onLeader(
  access: LeaderAccess,
  endpoint: DatacenterEndpoint,
  { staleHere = false, isUsedHere = false }: OnLeaderOptions = {},
): DatacenterEndpoint {
  if (!access.sendToLeader) return endpoint;
  return (request) => {
    const runsHere = staleHere && request.queryOptions().consistency === "stale";
    const pass = runsHere ? undefined : passToLeader(access, request);
    if (!pass) return endpoint(request);
    return isUsedHere ? async (reading) => whenHere(access, await pass(reading)) : pass;
  };
}

async function whenHere({ store }: LeaderAccess, answer: Response): Promise<Response> {
  // The leader has done what was asked, so its answer counts also if it cannot be reached any more.
  await store.freshen("leader")?.catch(() => {});
  return answer;
}

/** Returns the operation that passes a request on to the leader; undefined if this server leads or stands alone. */
export function passToLeader({ store, sendToLeader }: LeaderAccess, request: HttpRequest): Operation | undefined {
  if (!sendToLeader || store.leads) return undefined;
  const pass = forward(sendToLeader);
  return () => pass(request);
}
