import type { Agent } from "../../agent/agent.ts";
import { toCatalogCheck } from "../../agent/local-state.ts";
import type { CheckStatus } from "../../model/check.ts";
import { agentCheckFields } from "../../wire/filter-fields.ts";
import { encodeCheck } from "../../wire/check.ts";
import { decodeCheckDefinition, encodeCheckDefinition } from "../../wire/check-definition.ts";
import { decodeCheckUpdate } from "../../wire/check-update.ts";
import { goMap } from "../../wire/go-json.ts";
import { parseJson } from "../../wire/json.ts";
import { empty, json } from "../answers.ts";
import { HttpError } from "../http-error.ts";
import { bodyBytesMax } from "../limits.ts";
import { compile } from "../read.ts";
import type { Endpoint } from "../route.ts";

export interface AgentCheckParts {
  readonly agent: Agent;
  /** Maximum size of a check's stored output in bytes, unless the check sets its own maximum. */
  readonly checkOutputBytesMax: number;
}

export function listAgentChecks({ agent, checkOutputBytesMax: bytesMax }: AgentCheckParts): Endpoint {
  return (request) => {
    const accept = compile(request, agentCheckFields);
    const [withDefinitions, withSince] = [request.query.has("definitions"), request.query.has("since")];
    const checks: Record<string, object> = {};
    for (const [id, check] of agent.checks) {
      const service = agent.services.get(check.definition.serviceId)?.service;
      const row = encodeCheck(toCatalogCheck(agent.node.name, check, service), check.output);
      if (!accept(row)) continue;
      const { definition, sinceMs } = check;
      // Consul's answer has neither field. `Definition` lets a client copy the check, `Since` tells a user the age of the status.
      checks[id] = {
        ...row,
        ...(withDefinitions && { Definition: encodeCheckDefinition(definition, bytesMax) }),
        ...(withSince && sinceMs !== undefined && { Since: new Date(sinceMs).toISOString() }),
      };
    }
    return json(request, goMap(checks));
  };
}

export function registerAgentCheck({ agent, checkOutputBytesMax }: AgentCheckParts): Endpoint {
  return async (request) => {
    const definition = decodeCheckDefinition(parseJson(await request.body(bodyBytesMax)), {
      source: "api",
      outputBytesMax: checkOutputBytesMax,
    });
    const id = definition.id === "" ? definition.name : definition.id;
    await agent.registerCheck({ ...definition, id }, "api");
    return empty();
  };
}

export function deregisterAgentCheck({ agent }: Pick<AgentCheckParts, "agent">): Endpoint {
  return async (request) => {
    if (request.rest === "") throw new HttpError(500, "CheckID missing");
    await agent.deregisterCheck(request.rest);
    return empty();
  };
}

/** Returns the endpoint of agent/check/pass, warn or fail, which stores `?note` as the check's output. */
export function setTtlStatus({ agent }: Pick<AgentCheckParts, "agent">, status: CheckStatus): Endpoint {
  return async (request) => {
    await agent.updateTtl(request.rest, status, request.query.get("note") ?? "");
    return empty();
  };
}

export function updateTtlCheck({ agent }: Pick<AgentCheckParts, "agent">): Endpoint {
  return async (request) => {
    const { status, output } = decodeCheckUpdate(parseJson(await request.body(bodyBytesMax)));
    await agent.updateTtl(request.rest, status, output);
    return empty();
  };
}
