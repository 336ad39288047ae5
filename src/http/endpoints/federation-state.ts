import { topics } from "../../state/topics.ts";
import { renderGoJson } from "../../wire/go-json.ts";
import { empty, jsonHeaders } from "../answers.ts";
import type { Api, Endpoint } from "../api.ts";
import type { HttpRequest } from "../http-request.ts";
import { requireName } from "../parameters.ts";
import { requireDatacenter } from "../query-options.ts";
import { answerQuery, failedReadHeaders } from "../read.ts";

/** What a datacenter tells others of its mesh gateways: this one has none. */
export function listFederationStates(api: Api): Endpoint {
  return (request) => answer(api, request, [federationState(api)]);
}

export function listMeshGateways(api: Api): Endpoint {
  return (request) => answer(api, request, {});
}

export function getFederationState(api: Api): Endpoint {
  return (request) => {
    const name = requireName(request.rest, "Bad request: Missing datacenter name");
    requireDatacenter(request.query, api.datacenter, failedReadHeaders);
    if (name !== api.datacenter) return empty(404);
    const meta = { Index: 1, LastContact: 0, KnownLeader: true, ConsistencyLevel: "" };
    return answer(api, request, { State: federationState(api), ...meta });
  };
}

function answer(api: Api, request: HttpRequest, value: object): Response | Promise<Response> {
  requireDatacenter(request.query, api.datacenter, failedReadHeaders);
  const query = { topics: [topics.mesh], read: () => value };
  return answerQuery(api, request, query, {
    headers: jsonHeaders,
    body: (state) => renderGoJson(state, { pretty: request.pretty }),
  });
}

function federationState({ datacenter, startedMs }: Api): object {
  const UpdatedAt = new Date(startedMs).toISOString();
  return { Datacenter: datacenter, UpdatedAt, PrimaryModifyIndex: 1, CreateIndex: 1, ModifyIndex: 1 };
}
