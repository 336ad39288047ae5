import type { CheckRow } from "../../model/check.ts";
import { nodeDump, nodeDumps, serviceSummaries } from "../../registry/node-dump.ts";
import type { Query } from "../../registry/query.ts";
import { topics } from "../../state/topics.ts";
import { renderGoJson } from "../../wire/go-json.ts";
import { encodeNodeDump, encodeServiceSummary } from "../../wire/node-dump.ts";
import { jsonHeaders } from "../answers.ts";
import type { Api, Endpoint } from "../api.ts";
import type { HttpRequest } from "../http-request.ts";
import { requireName } from "../parameters.ts";
import { requireDatacenter } from "../query-options.ts";
import { answerQuery, failedReadHeaders } from "../read.ts";

export function listUiServices(api: Api): Endpoint {
  return (request) => answer(api, request, serviceSummaries(), (all) => all.map(encodeServiceSummary));
}

export function listUiNodes(api: Api): Endpoint {
  return (request) =>
    answer(api, request, nodeDumps(api.store), (all) => all.map((dump) => encodeNodeDump(dump, outputOf(api))));
}

/** Configuration entries would say which services a gateway leads to, and there are none. */
export function listUiGatewayServices(api: Api): Endpoint {
  return (request) => {
    requireName(request.rest, "Missing gateway name");
    return answer(api, request, { topics: [topics.mesh], read: () => [] }, (none) => none);
  };
}

export function getUiNode(api: Api): Endpoint {
  return (request) => {
    const name = requireName(request.rest, "Missing node name");
    return answer(api, request, nodeDump(name), (dump) => dump && encodeNodeDump(dump, outputOf(api)));
  };
}

function answer<T>(
  api: Api,
  request: HttpRequest,
  query: Query<T>,
  encode: (value: T) => object | undefined,
): Response | Promise<Response> {
  requireDatacenter(request.query, api.datacenter, failedReadHeaders);
  return answerQuery(api, request, query, {
    headers: jsonHeaders,
    body(value) {
      const encoded = encode(value);
      return encoded && renderGoJson(encoded, { pretty: request.pretty });
    },
  });
}

/** What the check printed last, if it is this agent's; else what was registered with it. */
function outputOf({ outputs }: Api): (check: CheckRow) => string {
  return (check) => outputs.get(check.node, check.id) ?? check.output;
}
