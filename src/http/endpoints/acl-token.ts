import { anonymousToken } from "../../acl/builtin.ts";
import type { Clock } from "../../lib/clock.ts";
import { OperatingError } from "../../lib/errors.ts";
import type { Random } from "../../lib/random.ts";
import type { AclTokenRequest } from "../../model/acl.ts";
import * as acl from "../../registry/acl.ts";
import { whenFresh } from "../../registry/when-fresh.ts";
import { decodeAclToken } from "../../wire/acl-body.ts";
import {
  aclNotFound,
  answerAcl,
  answerAclList,
  badRequest,
  indexHeaders,
  notFound,
  readAclBody,
  requireAclRead,
  requireAclWrite,
  requireRest,
  requireUuid,
  submitAcl,
} from "../acl-access.ts";
import { showToken, showTokenStub } from "../acl-encoding.ts";
import { json } from "../answers.ts";
import { HttpError } from "../http-error.ts";
import type { HttpRequest } from "../http-request.ts";
import type { DatacenterEndpoint, Operation } from "../route.ts";

export interface AclTokenParts {
  readonly clock: Clock;
  readonly random: Random;
}

/** Returns the endpoint for the list of tokens, all or those that link a policy, a role or an auth method. */
export function listTokens(parts: AclTokenParts): DatacenterEndpoint {
  return (request) => (reading) => {
    requireAclRead(request);
    const text = (name: string): string => request.query.get(name) ?? "";
    const filter = { policyId: text("policy"), roleId: text("role"), authMethod: text("authmethod") };
    if (Object.values(filter).filter((value) => value !== "").length > 1)
      throw new HttpError(500, "can only filter by one of policy, role, or methodName at a time");
    const query = acl.aclTokens(filter, () => parts.clock.wallMs());
    const showsSecret = request.caller.rights.may("acl", "write");
    return answerAclList(request, query, (token) => showTokenStub(token(), { showsSecret }))(reading);
  };
}

export function getToken(parts: AclTokenParts): DatacenterEndpoint {
  return (request) => {
    const id = requireRest(request, "token ID");
    return (reading) => {
      requireAclRead(request);
      requireUuid(id, "acl token");
      const showsSecret = request.caller.rights.may("acl", "write");
      return answerAcl(request, tokenOf(parts, id), (token) => showToken(token, { showsSecret }), notFound)(reading);
    };
  };
}

/**
 * Returns the endpoint for the token of the caller. Consul: it needs no right, and a caller without a token gets the error for an
 * unknown one. Consul shows the secret of the agent's default token to every caller without a token; here it stays hidden.
 */
export function getOwnToken(parts: AclTokenParts): DatacenterEndpoint {
  const nowMs = (): number => parts.clock.wallMs();
  return (request) => (reading) => {
    const { bringsToken, registry } = request.caller;
    const secret = ownSecret(request);
    const query = acl.aclTokenOfSecret(secret ?? "", nowMs);
    if (secret === undefined)
      return whenFresh(registry, request.queryOptions().consistency, () => {
        throw notFound(indexHeaders(registry, query));
      });
    return answerAcl(request, query, (token) => showToken(token, { showsSecret: bringsToken }), notFound)(reading);
  };
}

/** Returns the secret of the caller's token; undefined if it has none, or an unknown one. */
function ownSecret({ caller }: HttpRequest): string | undefined {
  try {
    const secret = caller.token?.secretId;
    return caller.bringsToken || secret !== anonymousToken.secretId ? secret : undefined;
  } catch (error) {
    if (error instanceof OperatingError) return undefined;
    throw error;
  }
}

/** Creates a token, replaces the one whose accessor is in the path, or clones it (/ACCESSOR/clone). */
export function putToken(parts: AclTokenParts): DatacenterEndpoint {
  return async (request) => {
    const { rest } = request;
    const asked = await readAclBody(request, "Token", decodeAclToken);
    if (rest.endsWith("/clone")) return cloneToken(parts, request, { id: rest.slice(0, -"/clone".length), asked });
    if (rest === "") return createToken(parts, request, asked);
    if (asked.accessorId !== "" && asked.accessorId !== rest)
      throw badRequest("Token Accessor ID in URL and payload do not match");
    return async () => {
      requireAclWrite(request);
      return write(parts, request, { token: { ...asked, accessorId: rest }, isNew: false });
    };
  };
}

function createToken(parts: AclTokenParts, request: HttpRequest, asked: AclTokenRequest): Operation {
  return async () => {
    requireAclWrite(request);
    return write(parts, request, { token: withIds(parts, asked), isNew: true });
  };
}

/** Returns the token with new ids in place of those that the client leaves to the agent. */
function withIds({ random }: AclTokenParts, asked: AclTokenRequest): AclTokenRequest {
  const { accessorId, secretId } = asked;
  return { ...asked, accessorId: accessorId || random.uuid(), secretId: secretId || random.uuid() };
}

/** Creates a token with the links and the expiration of another. Consul: of the body only the description counts. */
function cloneToken(
  parts: AclTokenParts,
  request: HttpRequest,
  { id, asked }: { readonly id: string; readonly asked: AclTokenRequest },
): Operation {
  return async () => {
    requireAclWrite(request);
    requireUuid(id, "acl token");
    await request.caller.registry.freshen("leader");
    const token = request.caller.registry.read(tokenOf(parts, id));
    if (!token) throw new HttpError(403, aclNotFound);
    const { row, policies, roles } = token;
    if (row.authMethod !== "") throw new HttpError(500, "Cannot clone a token created from an auth method");
    if (row.rules !== "") throw new HttpError(500, "Cannot clone a legacy ACL with this endpoint");
    const description = asked.description === "" ? row.description : asked.description;
    const ids = { accessorId: "", secretId: "" };
    const copy = { ...row, ...ids, description, policies, roles, expirationTtlMs: 0 };
    return write(parts, request, { token: withIds(parts, copy), isNew: true });
  };
}

interface TokenWrite {
  readonly token: AclTokenRequest;
  readonly isNew: boolean;
}

async function write(parts: AclTokenParts, request: HttpRequest, { token, isNew }: TokenWrite): Promise<Response> {
  const { clock } = parts;
  await submitAcl(request.caller.registry, { type: "acl-token-set", token, isNew, nowMs: clock.wallMs() });
  const written = request.caller.registry.read(tokenOf(parts, token.accessorId));
  return json(request, written && showToken(written, { showsSecret: true }));
}

export const deleteToken: DatacenterEndpoint = (request) => {
  const id = requireRest(request, "token ID");
  return async () => {
    requireAclWrite(request);
    if (request.caller.token?.accessorId === id.toLowerCase())
      throw new HttpError(500, "Deletion of the request's authorization token is not permitted");
    await submitAcl(request.caller.registry, { type: "acl-tokens-delete", accessorIds: [id] });
    return json(request, true);
  };
};

function tokenOf({ clock }: AclTokenParts, id: string): ReturnType<typeof acl.aclTokenOf> {
  return acl.aclTokenOf(id, () => clock.wallMs());
}
