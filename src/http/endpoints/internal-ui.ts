import type { CheckOutputs } from "../../registry/check-outputs.ts";
import { nodeDump, nodeDumps, serviceSummaries } from "../../registry/node-dump.ts";
import type { Registry } from "../../registry/registry.ts";
import { topics } from "../../state/topics.ts";
import { encodeNodeDump, encodeServiceSummary } from "../../wire/node-dump.ts";
import { requireName } from "../parameters.ts";
import { answerJson } from "../read.ts";
import type { DatacenterEndpoint } from "../route.ts";

export interface UiApiParts {
  readonly store: Registry;
  readonly outputs: CheckOutputs;
}

export const listUiServices: DatacenterEndpoint = (request) =>
  answerJson(request, serviceSummaries(), (all) => all.map(encodeServiceSummary));

export function listUiNodes({ store, outputs }: UiApiParts): DatacenterEndpoint {
  return (request) =>
    answerJson(request, nodeDumps(store), (all) =>
      all.map((dump) => encodeNodeDump(dump, (check) => outputs.outputOf(check))),
    );
}

/**
 * Answers with an empty list: the services of an ingress or terminating gateway are named by configuration entries, which are not
 * supported.
 */
export const listUiGatewayServices: DatacenterEndpoint = (request) => {
  requireName(request.rest, "Missing gateway name");
  return answerJson(request, { topics: [topics.mesh], read: () => [] }, (none) => none);
};

export function getUiNode({ outputs }: Pick<UiApiParts, "outputs">): DatacenterEndpoint {
  return (request) => {
    const name = requireName(request.rest, "Missing node name");
    return answerJson(
      request,
      nodeDump(name),
      (dump) => dump && encodeNodeDump(dump, (check) => outputs.outputOf(check)),
    );
  };
}
