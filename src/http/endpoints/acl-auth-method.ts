import type { AclAuthMethod } from "../../model/acl.ts";
import * as acl from "../../registry/acl.ts";
import { decodeAclAuthMethod } from "../../wire/acl-body.ts";
import { encodeAclAuthMethod, encodeAclAuthMethodStub } from "../../wire/acl.ts";
import {
  answerAcl,
  answerAclList,
  badRequest,
  readAclBody,
  deleting,
  requireAclRead,
  requireAclWrite,
  requireRest,
  submitAcl,
} from "../acl-access.ts";
import { json } from "../answers.ts";
import { authMethodConfigFault } from "../auth-method-config.ts";
import type { HttpRequest } from "../http-request.ts";
import type { Verifiers } from "../logins/verifiers.ts";
import type { DatacenterEndpoint } from "../route.ts";

export interface AclAuthMethodParts {
  readonly verifiers: Verifiers;
}

export const listAuthMethods: DatacenterEndpoint = (request) => (reading) => {
  requireAclRead(request);
  return answerAclList(request, acl.allAclAuthMethods(), encodeAclAuthMethodStub)(reading);
};

export const getAuthMethod: DatacenterEndpoint = (request) => {
  const name = requireRest(request, "auth method name");
  return (reading) => {
    requireAclRead(request);
    return answerAcl(request, acl.aclAuthMethodNamed(name), encodeAclAuthMethod)(reading);
  };
};

/** Creates or replaces the auth method with the name in the path or in the body. The servers that it names must answer. */
export function putAuthMethod({ verifiers }: AclAuthMethodParts): DatacenterEndpoint {
  return async (request) => {
    const { rest } = request;
    const asked = await readAclBody(request, "AuthMethod", decodeAclAuthMethod);
    if (rest !== "" && asked.name !== "" && asked.name !== rest)
      throw badRequest("AuthMethod Name in URL and payload do not match");
    const method = asked.name === "" ? { ...asked, name: rest } : asked;
    return () => write(request, method, verifiers);
  };
}

async function write(request: HttpRequest, method: AclAuthMethod, verifiers: Verifiers): Promise<Response> {
  requireAclWrite(request);
  const { registry } = request.caller;
  await registry.freshen("leader");
  const query = acl.aclAuthMethodNamed(method.name);
  const type = method.type === "" ? (registry.read(query)?.type ?? "") : method.type;
  const configFault =
    authMethodConfigFault(type, method.config) ??
    (type === "jwt" ? await verifiers.of({ ...method, type }).urlFault() : undefined);
  await submitAcl(registry, { type: "acl-auth-method-set", method, configFault });
  const written = registry.read(query);
  return json(request, written && encodeAclAuthMethod(written));
}

export const deleteAuthMethod: DatacenterEndpoint = deleting("auth method name", (name) => ({
  type: "acl-auth-method-delete",
  name,
}));
