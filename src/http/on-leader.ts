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
  readonly store: Pick<Registry, "leads">;
}

/**
 * Returns the endpoint that runs at the leader.
 * @param staleHere whether every server answers a GET with `?stale` itself
 */
export function onLeader(
  access: LeaderAccess,
  endpoint: DatacenterEndpoint,
  { staleHere = false }: { readonly staleHere?: boolean } = {},
): DatacenterEndpoint {
  if (!access.sendToLeader) return endpoint;
  return (request) => {
    const runsHere = staleHere && request.queryOptions().consistency === "stale";
    const pass = runsHere ? undefined : passToLeader(access, request);
    return pass ?? endpoint(request);
  };
}

/** Returns the operation that passes a request on to the leader; undefined if this server leads or stands alone. */
export function passToLeader({ store, sendToLeader }: LeaderAccess, request: HttpRequest): Operation | undefined {
  if (!sendToLeader || store.leads) return undefined;
  const pass = forward(sendToLeader);
  return () => pass(request);
}
