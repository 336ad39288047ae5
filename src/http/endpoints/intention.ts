import { uuidFault } from "../../lib/uuid.ts";
import { topics } from "../../state/topics.ts";
import { bareRecord } from "../../wire/bare-record.ts";
import { decodeIntention, intentionFaults } from "../../wire/intention.ts";
import { listFaults } from "../../wire/service-faults.ts";
import { json } from "../answers.ts";
import { demand } from "../demand.ts";
import { HttpError } from "../http-error.ts";
import type { HttpRequest } from "../http-request.ts";
import { readJson } from "../json-body.ts";
import { answerJson } from "../read.ts";
import type { DatacenterEndpoint } from "../route.ts";
import { badRequest, notEnabled } from "./connect.ts";

/** Answers with an empty list. Intentions allow or deny connections between services; the agent runs no mesh and stores none. */
export const listIntentions: DatacenterEndpoint = (request) =>
  answerJson(request, { topics: [topics.mesh], read: () => [] }, (none) => none);

export const createIntention: DatacenterEndpoint = async (request) => {
  const fault = (what: string): HttpError => new HttpError(500, `Failed to decode request body: ${what}`);
  const intention = await readJson(request, { decode: decodeIntention, fault });
  return () => {
    demand(request, "intention", "write", intention.destinationName);
    if (intention.id !== "") throw new HttpError(500, "ID must be empty when creating a new intention");
    const faults = intentionFaults(intention);
    if (faults.length > 0) throw new HttpError(500, listFaults(faults));
    throw new HttpError(500, `${notEnabled}: there is no service mesh here that would heed an intention`);
  };
};

export const getIntention: DatacenterEndpoint =
  ({ rest }) =>
  () => {
    const fault = uuidFault(rest);
    if (fault !== undefined) throw new HttpError(400, `Bad request: failed intention lookup: index error: ${fault}`);
    throw new HttpError(404, "Intention not found");
  };

export const updateIntention: DatacenterEndpoint = async (request) => {
  const { destinationName } = await readJson(request, {
    decode: decodeIntention,
    fault: badRequest("Request decode failed: "),
  });
  return () => {
    demand(request, "intention", "write", destinationName);
    return refuseUnknown(request, "modify");
  };
};

export const deleteIntention: DatacenterEndpoint = (request) => () => refuseUnknown(request, "delete");

function refuseUnknown({ rest }: HttpRequest, verb: string): never {
  const fault = uuidFault(rest);
  if (fault === undefined) throw new HttpError(500, `Cannot ${verb} non-existent intention: '${rest}'`);
  throw new HttpError(500, `Intention lookup failed: failed intention lookup: index error: ${fault}`);
}

export const matchIntentions: DatacenterEndpoint = (request) => {
  const by = requireParameter("by", request.query.get("by"));
  if (by !== "source" && by !== "destination")
    throw new HttpError(500, "'by' parameter must be one of 'source' or 'destination'");
  requireParameter("name", request.query.get("name"));
  const names = request.query.all("name");
  return () => {
    for (const name of names) demand(request, "intention", "read", name);
    return json(request, bareRecord(names.map((name) => [name, null])));
  };
};

/** Answers what holds by default, since there are no intentions. */
export const checkIntention: DatacenterEndpoint = (request) => {
  requireParameter("source", request.query.get("source"));
  const destination = requireParameter("destination", request.query.get("destination"));
  const type = request.query.get("source-type") ?? "consul";
  if (type !== "consul") throw new HttpError(500, `unsupported SourceType: ${JSON.stringify(type)}`);
  return () => {
    demand(request, "service", "read", destination);
    return json(request, { Allowed: request.caller.allowsByDefault });
  };
};

function requireParameter(name: string, value: string | undefined): string {
  if (value === undefined) throw new HttpError(500, `required query parameter '${name}' not set`);
  return value;
}
