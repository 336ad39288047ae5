import type { CheckRow } from "../../model/check.ts";
import * as health from "../../registry/health.ts";
import type { Query } from "../../registry/query.ts";
import { topics } from "../../state/topics.ts";
import { encodeCheck } from "../../wire/check.ts";
import { healthCheckFields, serviceEntryFields } from "../../wire/filter-fields.ts";
import { encodeServiceEntry } from "../../wire/service-entry.ts";
import type { Api, Endpoint } from "../api.ts";
import type { HttpRequest } from "../http-request.ts";
import { parseNodeMeta, parsePassing, requireName } from "../parameters.ts";
import { answerRows } from "../read.ts";

export function getServiceHealth(api: Api): Endpoint {
  return (request) => answerInstances(api, request, health.serviceHealth);
}

/** Of what takes connections of the mesh for a service. */
export function getConnectHealth(api: Api): Endpoint {
  return (request) => answerInstances(api, request, health.connectHealth);
}

/** Of the gateways that lead to a service: configuration entries would say which do, and there are none. */
export function getIngressHealth(api: Api): Endpoint {
  return (request) => answerInstances(api, request, () => ({ topics: [topics.mesh], read: () => [] }));
}

function answerInstances(
  api: Api,
  request: HttpRequest,
  find: typeof health.serviceHealth,
): Response | Promise<Response> {
  const name = requireName(request.rest, "Missing service name");
  const { query } = request;
  return answerRows(api, request, {
    query: find(name, { tags: query.all("tag"), meta: parseNodeMeta(query), passingOnly: parsePassing(query) }),
    encode: ({ node, service, checks }) =>
      encodeServiceEntry(
        node,
        service,
        checks.map((check) => ({ check, output: outputOf(api, check) })),
      ),
    fields: serviceEntryFields,
  });
}

export function getNodeHealth(api: Api): Endpoint {
  return (request) => answerChecks(api, request, health.nodeHealth(requireName(request.rest, "Missing node name")));
}

export function getServiceChecks(api: Api): Endpoint {
  return (request) => {
    const name = requireName(request.rest, "Missing service name");
    return answerChecks(api, request, health.serviceCheckList(name, parseNodeMeta(request.query)));
  };
}

export function getChecksInState(api: Api): Endpoint {
  return (request) => {
    const status = requireName(request.rest, "Missing check state");
    return answerChecks(api, request, health.checksByStatus(status, parseNodeMeta(request.query)));
  };
}

function answerChecks(api: Api, request: HttpRequest, query: Query<readonly CheckRow[]>): Response | Promise<Response> {
  return answerRows(api, request, {
    query,
    encode: (check) => encodeCheck(check, outputOf(api, check)),
    fields: healthCheckFields,
  });
}

/** What the check printed last, if it is this agent's; else what was registered with it. */
function outputOf(api: Api, check: CheckRow): string {
  return api.outputs.get(check.node, check.id) ?? check.output;
}
