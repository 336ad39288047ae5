import type { AclAuthMethod } from "../../model/acl.ts";
import * as acl from "../../registry/acl.ts";
import type { Registry } from "../../registry/registry.ts";
import { decodeAclAuthMethod } from "../../wire/acl-body.ts";
import { encodeAclAuthMethod, encodeAclAuthMethodStub } from "../../wire/acl.ts";
import {
  answerAcl,
  badRequest,
  readAclBody,
  requireAclRead,
  requireAclWrite,
  requireRest,
  submitAcl,
  type AclAccess,
} from "../acl-access.ts";
import { json } from "../answers.ts";
import { authMethodConfigFault } from "../auth-method-config.ts";
import type { HttpRequest } from "../http-request.ts";
import type { DatacenterEndpoint, Reading } from "../route.ts";

export interface AclAuthMethodParts extends AclAccess {
  readonly store: Registry;
}

export function listAuthMethods(access: AclAccess): DatacenterEndpoint {
  return (request) => (reading) => {
    requireAclRead(access, request);
    return answerAcl(request, acl.allAclAuthMethods(), (rows) => rows.map(encodeAclAuthMethodStub))(reading);
  };
}

export function getAuthMethod(access: AclAccess): DatacenterEndpoint {
  return (request) => {
    const name = requireRest(request, "auth method name");
    return (reading) => {
      requireAclRead(access, request);
      return answerAcl(request, acl.aclAuthMethodNamed(name), encodeAclAuthMethod)(reading);
    };
  };
}

/** Creates or replaces the auth method with the name in the path or in the body. */
export function putAuthMethod(parts: AclAuthMethodParts): DatacenterEndpoint {
  return async (request) => {
    const { rest } = request;
    const asked = await readAclBody(request, "AuthMethod", decodeAclAuthMethod);
    if (rest !== "" && asked.name !== "" && asked.name !== rest)
      throw badRequest("AuthMethod Name in URL and payload do not match");
    const method = asked.name === "" ? { ...asked, name: rest } : asked;
    return (reading) => write(parts, request, { method, reading });
  };
}

async function write(
  parts: AclAuthMethodParts,
  request: HttpRequest,
  { method, reading }: { readonly method: AclAuthMethod; readonly reading: Reading },
): Promise<Response> {
  requireAclWrite(parts, request);
  await parts.store.freshen("leader");
  const { reader } = reading;
  const query = acl.aclAuthMethodNamed(method.name);
  const type = method.type === "" ? (reader.read(query)?.type ?? "") : method.type;
  const configFault = authMethodConfigFault(type, method.config);
  await submitAcl(parts.store, { type: "acl-auth-method-set", method, configFault });
  const written = reader.read(query);
  return json(request, written && encodeAclAuthMethod(written));
}

export function deleteAuthMethod(parts: AclAuthMethodParts): DatacenterEndpoint {
  return (request) => {
    const name = requireRest(request, "auth method name");
    return async () => {
      requireAclWrite(parts, request);
      await submitAcl(parts.store, { type: "acl-auth-method-delete", name });
      return json(request, true);
    };
  };
}
