import type { Random } from "../../lib/random.ts";
import type { AclTokenRow } from "../../model/acl.ts";
import * as acl from "../../registry/acl.ts";
import type { Query } from "../../registry/query.ts";
import { decodeLegacyToken, type LegacyTokenRequest } from "../../wire/acl-body.ts";
import { encodeLegacyToken } from "../../wire/acl.ts";
import { parseJson } from "../../wire/json.ts";
import { answerAclList, indexHeaders, requireAclRead, requireAclWrite, submitAcl } from "../acl-access.ts";
import { rulesFaultOf } from "../acl-rules-fault.ts";
import { json } from "../answers.ts";
import { failedReadHeaders, HttpError } from "../http-error.ts";
import type { HttpRequest } from "../http-request.ts";
import { bodyBytesMax } from "../limits.ts";
import { requireName } from "../parameters.ts";
import type { DatacenterEndpoint } from "../route.ts";
import type { AclTokenParts } from "./acl-token.ts";

/*
 * The endpoints of before Consul 1.4, which some clients still use. Their tokens have rules of their own, in a syntax whose names
 * mean prefixes.
 */

export interface AclLegacyParts {
  readonly random: Random;
  readonly clock: AclTokenParts["clock"];
}

export function createLegacyToken(parts: AclLegacyParts): DatacenterEndpoint {
  return async (request) => {
    const asked = await readBody(request);
    return () => write(parts, request, { ...asked, secretId: asked.secretId || parts.random.uuid() });
  };
}

export function updateLegacyToken(parts: AclLegacyParts): DatacenterEndpoint {
  return async (request) => {
    const asked = await readBody(request);
    if (asked.secretId === "") throw new HttpError(400, "ACL ID must be set");
    return () => write(parts, request, asked);
  };
}

async function readBody(request: HttpRequest): Promise<LegacyTokenRequest> {
  const body = await request.body(bodyBytesMax);
  return decodeLegacyToken(body.length === 0 ? null : parseJson(body));
}

async function write(parts: AclLegacyParts, request: HttpRequest, asked: LegacyTokenRequest): Promise<Response> {
  requireAclWrite(request);
  const { secretId, name: description, rules } = asked;
  const type = asked.type === "" ? "client" : asked.type;
  if (type !== "client" && type !== "management") throw new HttpError(500, "Invalid ACL Type");
  const token = { accessorId: parts.random.uuid(), secretId, description, type, rules } as const;
  await submitAcl(request.caller.registry, { type: "acl-legacy-set", token, rulesFault: rulesFaultOf(rules) });
  return json(request, { ID: secretId });
}

export const destroyLegacyToken: DatacenterEndpoint = (request) => {
  const secretId = requireName(request.rest, "Missing ACL");
  return async () => {
    requireAclWrite(request);
    await submitAcl(request.caller.registry, { type: "acl-legacy-delete", secretId });
    return json(request, true);
  };
};

/** Creates a legacy token like another one. Consul: the answer and its errors have the headers of the read of the other token. */
export function cloneLegacyToken(parts: AclLegacyParts): DatacenterEndpoint {
  return (request) => {
    const secretId = requireName(request.rest, "Missing ACL");
    return async () => {
      const { registry, rights } = request.caller;
      await registry.freshen("leader");
      const query = legacyTokens(secretId, parts);
      const headers = indexHeaders(registry, query);
      const [source] = registry.read(query);
      if (!source || !rights.may("acl", "write")) throw new HttpError(403, "Permission denied", headers);
      const token = { ...source, accessorId: parts.random.uuid(), secretId: parts.random.uuid() };
      await submitAcl(request.caller.registry, { type: "acl-legacy-set", token, rulesFault: undefined });
      return json(request, { ID: token.secretId }, headers);
    };
  };
}

/** Answers with the legacy token whose secret is in the path, as a list of at most one. Consul: a caller that knows the secret may read it. */
export function getLegacyToken(parts: AclLegacyParts): DatacenterEndpoint {
  return (request) => {
    const secretId = requireName(request.rest, "Missing ACL");
    return answerAclList(request, legacyTokens(secretId, parts), encodeLegacyToken);
  };
}

/** Returns the endpoint for the list of legacy and bootstrap tokens, with their secrets. */
export function listLegacyTokens(parts: AclLegacyParts): DatacenterEndpoint {
  return (request) => (reading) => {
    requireAclRead(request);
    if (!request.caller.rights.may("acl", "write")) throw new HttpError(403, "Permission denied", failedReadHeaders);
    return answerAclList(request, legacyTokens(undefined, parts), encodeLegacyToken)(reading);
  };
}

/** Returns the query for the tokens that have a type, all or the one with a secret. */
function legacyTokens(secretId: string | undefined, { clock }: AclLegacyParts): Query<readonly AclTokenRow[]> {
  return acl.legacyTokens(secretId, () => clock.wallMs());
}
