import type { Agent } from "../../agent/agent.ts";
import { type LocalCheck, toCatalogCheck } from "../../agent/local-state.ts";
import type { CheckStatus } from "../../model/check.ts";
import type { Service } from "../../model/service.ts";
import { agentCheckFields } from "../../wire/filter-fields.ts";
import { encodeCheck } from "../../wire/check.ts";
import { decodeCheckDefinition, encodeCheckDefinition } from "../../wire/check-definition.ts";
import { decodeCheckUpdate } from "../../wire/check-update.ts";
import { RowMap } from "../../wire/json-parts.ts";
import { parseJson } from "../../wire/json.ts";
import { empty, json, jsonInTurns } from "../answers.ts";
import { demandByName, demandToken } from "../demand.ts";
import { HttpError } from "../http-error.ts";
import type { HttpRequest } from "../http-request.ts";
import { bodyBytesMax } from "../limits.ts";
import { requireName } from "../parameters.ts";
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
    const encode = (check: LocalCheck): object | undefined => {
      const service = agent.services.get(check.definition.serviceId)?.service;
      if (!mayForCheck("read", request, { agent, service })) return undefined;
      const row = encodeCheck(toCatalogCheck(agent.node.name, check, service), check.output);
      if (!accept(row)) return undefined;
      const { definition, sinceMs } = check;
      // Consul's answer has neither field. `Definition` lets a client copy the check, `Since` tells a user the age of the status.
      // A definition can hold passwords, in headers, URLs and arguments, so it is for those who may register the check.
      const showsDefinition = withDefinitions && mayForCheck("write", request, { agent, service });
      return {
        ...row,
        ...(showsDefinition && { Definition: encodeCheckDefinition(definition, bytesMax) }),
        ...(withSince && sinceMs !== undefined && { Since: new Date(sinceMs).toISOString() }),
      };
    };
    return jsonInTurns(request, RowMap.of(agent.checks, encode));
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
    await agent.registerCheck({ ...definition, id }, "api", request.token);
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

/** Runs a check of this agent at once, and answers with its status and output when the run has ended. */
export function runAgentCheck({ agent }: Pick<AgentCheckParts, "agent">): Endpoint {
  return async (request) => {
    const id = requireName(request.rest, "Missing check id");
    demandForKnown(request, agent);
    if (!agent.checks.has(id)) throw new HttpError(404, `Unknown check ${JSON.stringify(id)}`);
    await agent.runCheckNow(id);
    const after = agent.checks.get(id);
    if (!after) throw new HttpError(404, `the check ${JSON.stringify(id)} was deregistered while it ran`);
    return json(request, { CheckID: id, Status: after.status, Output: after.output });
  };
}

/** Returns whether the caller has this right to a check: that to its service, or to this node. */
function mayForCheck(
  access: "read" | "write",
  { caller: { rights } }: HttpRequest,
  { agent, service }: { readonly agent: Agent; readonly service: Service | undefined },
): boolean {
  return service ? rights.may("service", access, service.name) : rights.may("node", access, agent.node.name);
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
