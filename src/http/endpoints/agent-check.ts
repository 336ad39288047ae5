import type { Agent } from "../../agent/agent.ts";
import { toCatalogCheck } from "../../agent/local-state.ts";
import type { CheckStatus } from "../../model/check.ts";
import type { Service } from "../../model/service.ts";
import { agentCheckFields } from "../../wire/filter-fields.ts";
import { encodeCheck } from "../../wire/check.ts";
import { decodeCheckDefinition, encodeCheckDefinition } from "../../wire/check-definition.ts";
import { decodeCheckUpdate } from "../../wire/check-update.ts";
import { goMap } from "../../wire/go-json.ts";
import { parseJson } from "../../wire/json.ts";
import { empty, json } from "../answers.ts";
import { demandByName, demandToken } from "../demand.ts";
import { HttpError } from "../http-error.ts";
import type { HttpRequest } from "../http-request.ts";
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
      if (!mayReadCheck(request, agent, service)) continue;
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
    demandForCheck(request, agent, definition.serviceId);
    const replaced = agent.checks.get(id);
    if (replaced) demandForCheck(request, agent, replaced.definition.serviceId);
    await agent.registerCheck({ ...definition, id }, "api");
    return empty();
  };
}

export function deregisterAgentCheck({ agent }: Pick<AgentCheckParts, "agent">): Endpoint {
  return async (request) => {
    if (request.rest === "") throw new HttpError(500, "CheckID missing");
    demandForKnown(request, agent);
    await agent.deregisterCheck(request.rest);
    return empty();
  };
}

/** Returns the endpoint of agent/check/pass, warn or fail, which stores `?note` as the check's output. */
export function setTtlStatus({ agent }: Pick<AgentCheckParts, "agent">, status: CheckStatus): Endpoint {
  return async (request) => {
    demandForKnown(request, agent);
    await agent.updateTtl(request.rest, status, request.query.get("note") ?? "");
    return empty();
  };
}

export function updateTtlCheck({ agent }: Pick<AgentCheckParts, "agent">): Endpoint {
  return async (request) => {
    const { status, output } = decodeCheckUpdate(parseJson(await request.body(bodyBytesMax)));
    demandForKnown(request, agent);
    await agent.updateTtl(request.rest, status, output);
    return empty();
  };
}

function mayReadCheck({ caller: { rights } }: HttpRequest, { node }: Agent, service: Service | undefined): boolean {
  return service ? rights.may("service", "read", service.name) : rights.may("node", "read", node.name);
}

/** Demands the right to change a check of a service, or of this node. Consul: a check of an unknown service is one of the node. */
function demandForCheck(request: HttpRequest, agent: Agent, serviceId: string): void {
  const service = agent.services.get(serviceId)?.service;
  if (service) demandByName(request, "service", service.name);
  else demandByName(request, "node", agent.node.name);
}

/**
 * Demands the right to change the agent's check whose id is the rest of the path. Consul: with access control on, an unknown check is
 * an error.
 */
function demandForKnown(request: HttpRequest, agent: Agent): void {
  if (!request.caller.isChecked) return;
  demandToken(request);
  const known = agent.checks.get(request.rest);
  if (!known) throw new HttpError(500, `Unknown check ${JSON.stringify(request.rest)}`);
  demandForCheck(request, agent, known.definition.serviceId);
}
