import { json } from "../answers.ts";
import type { Api, Endpoint } from "../api.ts";
import { parseQueryOptions, requireDatacenter } from "../query-options.ts";

export function getLeader(api: Api): Endpoint {
  return (request) => {
    parseQueryOptions(request.query);
    requireDatacenter(request.query, api.datacenter);
    return json(request, api.leader);
  };
}

export function listPeers(api: Api): Endpoint {
  return (request) => {
    parseQueryOptions(request.query);
    requireDatacenter(request.query, api.datacenter);
    return json(request, [api.leader]);
  };
}
