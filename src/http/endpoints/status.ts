import { json } from "../answers.ts";
import type { Api, Endpoint } from "../api.ts";

export function getLeader(api: Api): Endpoint {
  return (request) => json(request, api.leader);
}

export function listPeers(api: Api): Endpoint {
  return (request) => json(request, [api.leader]);
}
