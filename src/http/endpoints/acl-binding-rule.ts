import type { Random } from "../../lib/random.ts";
import * as acl from "../../registry/acl.ts";
import { decodeAclBindingRule } from "../../wire/acl-body.ts";
import { encodeAclBindingRule } from "../../wire/acl.ts";
import {
  answerAcl,
  answerAclList,
  badRequest,
  readAclBody,
  deleting,
  requireAclRead,
  requireAclWrite,
  requireRest,
  requireUuid,
  submitAcl,
} from "../acl-access.ts";
import { json } from "../answers.ts";
import type { DatacenterEndpoint } from "../route.ts";

export interface AclBindingRuleParts {
  readonly random: Random;
}

/** Returns the endpoint for the list of binding rules; with `?authmethod=NAME`, of those of one method. */
export const listBindingRules: DatacenterEndpoint = (request) => (reading) => {
  requireAclRead(request);
  const query = acl.aclBindingRules(request.query.get("authmethod") ?? "");
  return answerAclList(request, query, encodeAclBindingRule)(reading);
};

export const getBindingRule: DatacenterEndpoint = (request) => {
  const id = requireRest(request, "binding rule ID");
  return (reading) => {
    requireAclRead(request);
    requireUuid(id, "acl binding rule");
    return answerAcl(request, acl.aclBindingRuleOf(id), encodeAclBindingRule)(reading);
  };
};

/** Creates a binding rule, or replaces the one whose id is in the path. */
export function putBindingRule(parts: AclBindingRuleParts): DatacenterEndpoint {
  return async (request) => {
    const { rest } = request;
    const asked = await readAclBody(request, "BindingRule", decodeAclBindingRule);
    if (asked.id !== "" && asked.id !== rest) throw badRequest("BindingRule ID in URL and payload do not match");
    return async () => {
      requireAclWrite(request);
      const isNew = rest === "";
      const rule = { ...asked, id: isNew ? parts.random.uuid() : rest };
      await submitAcl(request.caller.registry, { type: "acl-binding-rule-set", rule, isNew });
      const written = request.caller.registry.read(acl.aclBindingRuleOf(rule.id));
      return json(request, written && encodeAclBindingRule(written));
    };
  };
}

export const deleteBindingRule: DatacenterEndpoint = deleting("binding rule ID", (id) => ({
  type: "acl-binding-rule-delete",
  id,
}));
