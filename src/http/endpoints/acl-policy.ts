import type { Random } from "../../lib/random.ts";
import * as acl from "../../registry/acl.ts";
import { decodeAclPolicy } from "../../wire/acl-body.ts";
import {
  answerAcl,
  answerAclList,
  badRequest,
  notFound,
  readAclBody,
  deleting,
  requireAclRead,
  requireAclWrite,
  requireRest,
  requireUuid,
  submitAcl,
} from "../acl-access.ts";
import { showPolicy, showPolicyStub } from "../acl-encoding.ts";
import { rulesFaultOf } from "../acl-rules-fault.ts";
import { json } from "../answers.ts";
import type { DatacenterEndpoint } from "../route.ts";

export interface AclPolicyParts {
  readonly random: Random;
}

export const listPolicies: DatacenterEndpoint = (request) => (reading) => {
  requireAclRead(request);
  return answerAclList(request, acl.allAclPolicies(), showPolicyStub)(reading);
};

export const getPolicy: DatacenterEndpoint = (request) => {
  const id = requireRest(request, "policy ID");
  return (reading) => {
    requireAclRead(request);
    requireUuid(id, "acl policy");
    return answerAcl(request, acl.aclPolicyOf(id), showPolicy, notFound)(reading);
  };
};

export const getPolicyNamed: DatacenterEndpoint = (request) => {
  const name = requireRest(request, "policy Name");
  return (reading) => {
    requireAclRead(request);
    return answerAcl(request, acl.aclPolicyNamed(name), showPolicy, notFound)(reading);
  };
};

/** Creates a policy, or replaces the one whose id is in the path. */
export function putPolicy(parts: AclPolicyParts): DatacenterEndpoint {
  return async (request) => {
    const { rest: id } = request;
    const asked = await readAclBody(request, "Policy", decodeAclPolicy);
    if (id === "" && asked.id !== "") throw badRequest("Cannot specify the ID when creating a new policy");
    if (asked.id !== "" && asked.id !== id) throw badRequest("Policy ID in URL and payload do not match");
    return async () => {
      requireAclWrite(request);
      const isNew = id === "";
      const policy = { ...asked, id: isNew ? parts.random.uuid() : id };
      await submitAcl(request.caller.registry, {
        type: "acl-policy-set",
        policy,
        isNew,
        rulesFault: rulesFaultOf(policy.rules),
      });
      const written = request.caller.registry.read(acl.aclPolicyOf(policy.id));
      return json(request, written && showPolicy(written));
    };
  };
}

export const deletePolicy: DatacenterEndpoint = deleting("policy ID", (id) => ({ type: "acl-policy-delete", id }));
