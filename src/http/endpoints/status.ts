import { json } from "../answers.ts";
import type { DatacenterEndpoint } from "../route.ts";

export interface StatusParts {
  /** host:port of the leader, which is the only server. */
  readonly leader: string;
}

export function getLeader({ leader }: StatusParts): DatacenterEndpoint {
  return (request) => () => json(request, leader);
}

export function listPeers({ leader }: StatusParts): DatacenterEndpoint {
  return (request) => () => json(request, [leader]);
}
