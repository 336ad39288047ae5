import { topics } from "../../state/topics.ts";
import { empty } from "../answers.ts";
import type { HttpRequest } from "../http-request.ts";
import { requireName } from "../parameters.ts";
import { answerJson } from "../read.ts";
import type { DatacenterEndpoint, Operation } from "../route.ts";

export interface FederationParts {
  readonly datacenter: string;
  /** When the agent started, in milliseconds since 1970. */
  readonly startedMs: number;
}

/** Lists the federation state of this datacenter, the only one. The state has no mesh gateways, since the agent runs no mesh. */
export function listFederationStates(parts: FederationParts): DatacenterEndpoint {
  return (request) => answer(request, [federationState(parts)]);
}

export const listMeshGateways: DatacenterEndpoint = (request) => answer(request, {});

export function getFederationState(parts: FederationParts): DatacenterEndpoint {
  return (request) => {
    const name = requireName(request.rest, "Bad request: Missing datacenter name");
    if (name !== parts.datacenter) return () => empty(404);
    const meta = { Index: 1, LastContact: 0, KnownLeader: true, ConsistencyLevel: "" };
    return answer(request, { State: federationState(parts), ...meta });
  };
}

function answer(request: HttpRequest, value: object): Operation {
  return answerJson(request, { topics: [topics.mesh], read: () => value }, (state) => state);
}

function federationState({ datacenter, startedMs }: FederationParts): object {
  const UpdatedAt = new Date(startedMs).toISOString();
  return { Datacenter: datacenter, UpdatedAt, PrimaryModifyIndex: 1, CreateIndex: 1, ModifyIndex: 1 };
}
