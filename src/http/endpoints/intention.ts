import { uuidFault } from "../../lib/uuid.ts";
import { topics } from "../../state/topics.ts";
import { bareRecord } from "../../wire/bare-record.ts";
import { renderGoJson } from "../../wire/go-json.ts";
import { decodeIntention, intentionFaults } from "../../wire/intention.ts";
import { listFaults } from "../../wire/service-faults.ts";
import { json, jsonHeaders } from "../answers.ts";
import type { Api, Endpoint } from "../api.ts";
import { HttpError } from "../http-error.ts";
import type { HttpRequest } from "../http-request.ts";
import { readJson } from "../json-body.ts";
import { requireDatacenter } from "../query-options.ts";
import { answerQuery, failedReadHeaders } from "../read.ts";
import { badRequest, notEnabled } from "./connect.ts";

/** Intentions say which services may connect. None is ever kept: nothing here would act on it. */
export function listIntentions(api: Api): Endpoint {
  return (request) => {
    requireDatacenter(request.query, api.datacenter, failedReadHeaders);
    const query = { topics: [topics.mesh], read: (): readonly object[] => [] };
    return answerQuery(api, request, query, {
      headers: jsonHeaders,
      body: (none) => renderGoJson(none, { pretty: request.pretty }),
    });
  };
}

export function createIntention(api: Api): Endpoint {
  return async (request) => {
    const fault = (what: string): HttpError => new HttpError(500, `Failed to decode request body: ${what}`);
    const intention = await readJson(request, { decode: decodeIntention, fault });
    requireDatacenter(request.query, api.datacenter);
    if (intention.id !== "") throw new HttpError(500, "ID must be empty when creating a new intention");
    const faults = intentionFaults(intention);
    if (faults.length > 0) throw new HttpError(500, listFaults(faults));
    throw new HttpError(500, `${notEnabled}: there is no service mesh here that would heed an intention`);
  };
}

export function getIntention(api: Api): Endpoint {
  return ({ rest, query }) => {
    requireDatacenter(query, api.datacenter);
    const fault = uuidFault(rest);
    if (fault !== undefined) throw new HttpError(400, `Bad request: failed intention lookup: index error: ${fault}`);
    throw new HttpError(404, "Intention not found");
  };
}

export function updateIntention(api: Api): Endpoint {
  return async (request) => {
    await readJson(request, { decode: decodeIntention, fault: badRequest("Request decode failed: ") });
    return refuseUnknown(api, request, "modify");
  };
}

export function deleteIntention(api: Api): Endpoint {
  return (request) => refuseUnknown(api, request, "delete");
}

function refuseUnknown(api: Api, { rest, query }: HttpRequest, verb: string): never {
  requireDatacenter(query, api.datacenter);
  const fault = uuidFault(rest);
  if (fault === undefined) throw new HttpError(500, `Cannot ${verb} non-existent intention: '${rest}'`);
  throw new HttpError(500, `Intention lookup failed: failed intention lookup: index error: ${fault}`);
}

export function matchIntentions(api: Api): Endpoint {
  return (request) => {
    const by = requireParameter("by", request.query.get("by"));
    if (by !== "source" && by !== "destination")
      throw new HttpError(500, "'by' parameter must be one of 'source' or 'destination'");
    requireParameter("name", request.query.get("name"));
    requireDatacenter(request.query, api.datacenter);
    return json(request, bareRecord(request.query.all("name").map((name) => [name, null])));
  };
}

/** What holds where nothing was said: everybody may connect. */
export function checkIntention(api: Api): Endpoint {
  return (request) => {
    requireParameter("source", request.query.get("source"));
    requireParameter("destination", request.query.get("destination"));
    const type = request.query.get("source-type") ?? "consul";
    if (type !== "consul") throw new HttpError(500, `unsupported SourceType: ${JSON.stringify(type)}`);
    requireDatacenter(request.query, api.datacenter);
    return json(request, { Allowed: true });
  };
}

function requireParameter(name: string, value: string | undefined): string {
  if (value === undefined) throw new HttpError(500, `required query parameter '${name}' not set`);
  return value;
}
