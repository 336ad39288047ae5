import type { CheckRow } from "../../model/check.ts";
import type { CheckOutputs } from "../../registry/check-outputs.ts";
import type { CheckTransitions } from "../../registry/check-transitions.ts";
import * as health from "../../registry/health.ts";
import type { Query } from "../../registry/query.ts";
import { topics } from "../../state/topics.ts";
import { encodeCheckSince } from "../../wire/check.ts";
import { healthCheckFields, serviceEntryFields } from "../../wire/filter-fields.ts";
import { encodeServiceEntry } from "../../wire/service-entry.ts";
import { unlessHidden } from "../demand.ts";
import type { HttpRequest } from "../http-request.ts";
import { parseNodeMeta, parsePassing, requireName } from "../parameters.ts";
import { answerRows } from "../read.ts";
import type { DatacenterEndpoint, Operation } from "../route.ts";

/** The parts of the agent that the endpoints of /v1/health use: the newest outputs of checks, and since when each has its status. */
export interface HealthParts {
  readonly outputs: CheckOutputs;
  readonly transitions: Pick<CheckTransitions, "sinceMs">;
}

export function getServiceHealth(parts: HealthParts): DatacenterEndpoint {
  return (request) => answerInstances(parts, request, health.serviceHealth);
}

/** Returns the health of a service's Connect-capable instances: sidecar proxies and services that support Connect themselves. */
export function getConnectHealth(parts: HealthParts): DatacenterEndpoint {
  return (request) => unlessHidden(request, answerInstances(parts, request, health.connectHealth));
}

/**
 * Answers with an empty list of ingress gateways: configuration entries, which are not supported, name the gateways of a service.
 */
export function getIngressHealth(parts: HealthParts): DatacenterEndpoint {
  return (request) =>
    unlessHidden(
      request,
      answerInstances(parts, request, () => ({ topics: [topics.mesh], read: () => [] })),
    );
}

function answerInstances(parts: HealthParts, request: HttpRequest, find: typeof health.serviceHealth): Operation {
  const name = requireName(request.rest, "Missing service name");
  const { query } = request;
  const sinceOf = sinceAsked(parts, request);
  return answerRows(request, {
    query: find(name, { tags: query.all("tag"), meta: parseNodeMeta(query), passingOnly: parsePassing(query) }),
    encode: ({ node, service, checks }) =>
      encodeServiceEntry(
        node,
        service,
        checks.map((check) => ({ check, output: parts.outputs.outputOf(check), sinceMs: sinceOf(check) })),
      ),
    fields: serviceEntryFields,
  });
}

export function getNodeHealth(parts: HealthParts): DatacenterEndpoint {
  return (request) => answerChecks(parts, request, health.nodeHealth(requireName(request.rest, "Missing node name")));
}

export function getServiceChecks(parts: HealthParts): DatacenterEndpoint {
  return (request) => {
    const name = requireName(request.rest, "Missing service name");
    return answerChecks(parts, request, health.serviceCheckList(name, parseNodeMeta(request.query)));
  };
}

export function getChecksInState(parts: HealthParts): DatacenterEndpoint {
  return (request) => {
    const status = requireName(request.rest, "Missing check state");
    return answerChecks(parts, request, health.checksByStatus(status, parseNodeMeta(request.query)));
  };
}

function answerChecks(parts: HealthParts, request: HttpRequest, query: Query<readonly CheckRow[]>): Operation {
  const sinceOf = sinceAsked(parts, request);
  return answerRows(request, {
    query,
    encode: (check) => encodeCheckSince({ check, output: parts.outputs.outputOf(check), sinceMs: sinceOf(check) }),
    fields: healthCheckFields,
  });
}

/** Returns since when a check has its status, if the request has `since`. Consul has no such time, so its answers stay as they are. */
function sinceAsked({ transitions }: HealthParts, { query }: HttpRequest): (check: CheckRow) => number | undefined {
  return query.has("since") ? (check) => transitions.sinceMs(check) : () => undefined;
}
