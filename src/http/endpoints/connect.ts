import { fieldNames, JsonFields } from "../../wire/json-fields.ts";
import { json } from "../answers.ts";
import { demand } from "../demand.ts";
import { failedReadHeaders, HttpError } from "../http-error.ts";
import { readJson } from "../json-body.ts";
import { requireName } from "../parameters.ts";
import type { DatacenterEndpoint, Endpoint } from "../route.ts";

/** Consul's error text while the service mesh is disabled. */
export const notEnabled = "Connect must be enabled in order to use this endpoint";

export function refuse(): never {
  throw new HttpError(500, notEnabled);
}

export function refuseRead(): never {
  throw new HttpError(500, notEnabled, failedReadHeaders);
}

export const setCaConfiguration: DatacenterEndpoint = async (request) => {
  await readJson(request, { decode: (body) => body, fault: badRequest("Request decode failed: ") });
  return refuse();
};

export const getDiscoveryChain: DatacenterEndpoint = async (request) => {
  requireName(request.rest, "Bad request: Missing chain name");
  if (request.method === "POST")
    await readJson(request, { decode: (body) => body, fault: badRequest("Request decoding failed: ") });
  return refuseRead();
};

/** Answers what holds by default, since there are no intentions. Consul: without access control everyone may connect. */
export const authorize: Endpoint = async (request) => {
  const { target, uri } = await readJson(request, {
    decode: decodeAuthorization,
    fault: badRequest("Request decode failed: "),
  });
  if (target === "") throw new HttpError(400, "Bad request: Target service must be specified");
  if (!/^spiffe:\/\/[^/]+\/ns\/[^/]+\/dc\/[^/]+\/svc\/[^/]+$/i.test(uri))
    throw new HttpError(400, "Bad request: ClientCertURI not a valid Connect identifier");
  demand(request, "service", "write", target);
  const { allowsByDefault, isChecked } = request.caller;
  const reason = isChecked ? "Default behavior configured by ACLs" : "ACLs disabled, access is allowed by default";
  return json(request, { Authorized: allowsByDefault, Reason: reason });
};

function decodeAuthorization(body: unknown): { readonly target: string; readonly uri: string } {
  const fields = new JsonFields(body, { names: authorizationNames, source: "api", where: "ConnectAuthorizeRequest" });
  return { target: fields.string("Target"), uri: fields.string("ClientCertURI") };
}

const authorizationNames = fieldNames(["Target", "ClientCertURI", "ClientCertSerial"]);

export function badRequest(what: string): (fault: string) => HttpError {
  return (fault) => new HttpError(400, `Bad request: ${what}${fault}`);
}
