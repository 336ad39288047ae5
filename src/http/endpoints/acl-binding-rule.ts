import type { Random } from "../../lib/random.ts";
import * as acl from "../../registry/acl.ts";
import type { Registry } from "../../registry/registry.ts";
import { decodeAclBindingRule } from "../../wire/acl-body.ts";
import { encodeAclBindingRule } from "../../wire/acl.ts";
import {
  answerAcl,
  badRequest,
  readAclBody,
  requireAclRead,
  requireAclWrite,
  requireRest,
  requireUuid,
  submitAcl,
  type AclAccess,
} from "../acl-access.ts";
import { json } from "../answers.ts";
import type { DatacenterEndpoint } from "../route.ts";

export interface AclBindingRuleParts extends AclAccess {
  readonly store: Registry;
  readonly random: Random;
}

/** Returns the endpoint for the list of binding rules; with `?authmethod=NAME`, of those of one method. */
export function listBindingRules(access: AclAccess): DatacenterEndpoint {
  return (request) => (reading) => {
    requireAclRead(access, request);
    const query = acl.aclBindingRules(request.query.get("authmethod") ?? "");
    return answerAcl(request, query, (rows) => rows.map(encodeAclBindingRule))(reading);
  };
}

export function getBindingRule(access: AclAccess): DatacenterEndpoint {
  return (request) => {
    const id = requireRest(request, "binding rule ID");
    return (reading) => {
      requireAclRead(access, request);
      requireUuid(id, "acl binding rule");
      return answerAcl(request, acl.aclBindingRuleOf(id), encodeAclBindingRule)(reading);
    };
  };
}

/** Creates a binding rule, or replaces the one whose id is in the path. */
export function putBindingRule(parts: AclBindingRuleParts): DatacenterEndpoint {
  return async (request) => {
    const { rest } = request;
    const asked = await readAclBody(request, "BindingRule", decodeAclBindingRule);
    if (asked.id !== "" && asked.id !== rest) throw badRequest("BindingRule ID in URL and payload do not match");
    return async ({ reader }) => {
      requireAclWrite(parts, request);
      const isNew = rest === "";
      const rule = { ...asked, id: isNew ? parts.random.uuid() : rest };
      await submitAcl(parts.store, { type: "acl-binding-rule-set", rule, isNew });
      const written = reader.read(acl.aclBindingRuleOf(rule.id));
      return json(request, written && encodeAclBindingRule(written));
    };
  };
}

export function deleteBindingRule(parts: AclBindingRuleParts): DatacenterEndpoint {
  return (request) => {
    const id = requireRest(request, "binding rule ID");
    return async () => {
      requireAclWrite(parts, request);
      await submitAcl(parts.store, { type: "acl-binding-rule-delete", id });
      return json(request, true);
    };
  };
}
