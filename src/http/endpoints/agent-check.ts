import type { CheckStatus } from "../../model/check.ts";
import { agentCheckFields } from "../../wire/filter-fields.ts";
import { encodeCheck } from "../../wire/check.ts";
import { decodeCheckDefinition, encodeCheckDefinition } from "../../wire/check-definition.ts";
import { decodeCheckUpdate } from "../../wire/check-update.ts";
import { goMap } from "../../wire/go-json.ts";
import { parseJson } from "../../wire/json.ts";
import { toCatalogCheck } from "../../agent/local-state.ts";
import { empty, json } from "../answers.ts";
import type { Api, Endpoint } from "../api.ts";
import { HttpError } from "../http-error.ts";
import { bodyBytesMax } from "../limits.ts";
import { compile } from "../read.ts";

export function listAgentChecks(api: Api): Endpoint {
  return (request) => {
    const accept = compile(request.query.get("filter"), agentCheckFields, {});
    const [withDefinitions, withSince] = [request.query.has("definitions"), request.query.has("since")];
    const bytesMax = api.checkOutputBytesMax;
    const checks: Record<string, object> = {};
    for (const [id, check] of api.agent.checks) {
      const service = api.agent.services.get(check.definition.serviceId)?.service;
      const row = encodeCheck(toCatalogCheck(api.agent.node.name, check, service), check.output);
      if (!accept(row)) continue;
      const { definition, sinceMs } = check;
      // Consul shows neither. A move to another agent needs the definition, a person the age of a status.
      checks[id] = {
        ...row,
        ...(withDefinitions && { Definition: encodeCheckDefinition(definition, bytesMax) }),
        ...(withSince && sinceMs !== undefined && { Since: new Date(sinceMs).toISOString() }),
      };
    }
    return json(request, goMap(checks));
  };
}

export function registerAgentCheck(api: Api): Endpoint {
  return async (request) => {
    const definition = decodeCheckDefinition(parseJson(await request.body(bodyBytesMax)), {
      source: "api",
      outputBytesMax: api.checkOutputBytesMax,
    });
    const id = definition.id === "" ? definition.name : definition.id;
    await api.agent.registerCheck({ ...definition, id }, "api");
    return empty();
  };
}

export function deregisterAgentCheck(api: Api): Endpoint {
  return async (request) => {
    if (request.rest === "") throw new HttpError(500, "CheckID missing");
    await api.agent.deregisterCheck(request.rest);
    return empty();
  };
}

/** agent/check/pass, warn and fail, with ?note. */
export function setTtlStatus(api: Api, status: CheckStatus): Endpoint {
  return async (request) => {
    await api.agent.updateTtl(request.rest, status, request.query.get("note") ?? "");
    return empty();
  };
}

export function updateTtlCheck(api: Api): Endpoint {
  return async (request) => {
    const { status, output } = decodeCheckUpdate(parseJson(await request.body(bodyBytesMax)));
    await api.agent.updateTtl(request.rest, status, output);
    return empty();
  };
}
