import type { CheckOutputs } from "../../registry/check-outputs.ts";
import { isNoLeader } from "../../registry/leader-wait.ts";
import { nodeDump, nodeDumps, serviceSummaries } from "../../registry/node-dump.ts";
import { topics } from "../../state/topics.ts";
import { RowList } from "../../wire/json-parts.ts";
import { encodeNodeDump, encodeServiceSummary } from "../../wire/node-dump.ts";
import { demand, demanding } from "../demand.ts";
import { requireName } from "../parameters.ts";
import type { HttpRequest } from "../http-request.ts";
import { answerJson } from "../read.ts";
import type { DatacenterEndpoint, Operation } from "../route.ts";

export interface UiApiParts {
  readonly outputs: CheckOutputs;
}

export const listUiServices: DatacenterEndpoint = orStale((request) =>
  answerJson(request, serviceSummaries(), (all) => RowList.of(all, encodeServiceSummary)),
);

export function listUiNodes({ outputs }: UiApiParts): DatacenterEndpoint {
  return orStale((request) =>
    answerJson(request, nodeDumps(request.caller.registry), (all) =>
      RowList.of(all, (dump) => encodeNodeDump(dump, (check) => outputs.outputOf(check))),
    ),
  );
}

/**
 * Answers with an empty list: the services of an ingress or terminating gateway are named by configuration entries, which are not
 * supported.
 */
export const listUiGatewayServices: DatacenterEndpoint = (request) => {
  const gateway = requireName(request.rest, "Missing gateway name");
  return demanding(
    () => demand(request, "service", "read", gateway),
    answerJson(request, { topics: [topics.mesh], read: () => [] }, (none) => none),
  );
};

export function getUiNode({ outputs }: Pick<UiApiParts, "outputs">): DatacenterEndpoint {
  return orStale((request) => {
    const name = requireName(request.rest, "Missing node name");
    return answerJson(
      request,
      nodeDump(name),
      (dump) => dump && encodeNodeDump(dump, (check) => outputs.outputOf(check)),
    );
  });
}

/** Returns the endpoint that answers from stale data while there is no leader. Consul: only the reads of the UI do. */
function orStale(read: (request: HttpRequest) => Operation): DatacenterEndpoint {
  return (request) => {
    const operation = read(request);
    return async (reading) => {
      try {
        return await operation(reading);
      } catch (error) {
        if (!isNoLeader(error)) throw error;
        const { query } = request;
        return read((query.has("consistent") ? request.without("consistent") : request).asStale())(reading);
      }
    };
  };
}
