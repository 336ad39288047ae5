import { uuidFault, isUuid } from "../lib/uuid.ts";
import { isPolicyName, type AclPolicyRow } from "../model/acl.ts";
import { globalManagementPolicy } from "../acl/builtin.ts";
import type { AclPolicyDelete, AclPolicySet } from "./acl-command.ts";
import { getAclPolicy, getAclPolicyNamed } from "./acl-lookup.ts";
import type { Outcome, Rejection } from "./command.ts";
import type { Draft } from "./draft.ts";
import type { State } from "./state.ts";
import { aclPolicies } from "./tables/acl-policy.ts";

/** Creates or replaces a policy. Consul: raises the index even if the policy is the same as before. */
export function setAclPolicy(draft: Draft, command: AclPolicySet): Outcome {
  const reason = faultOf(draft.state, command);
  if (reason) return { type: "rejected", reason };
  const { policy } = command;
  const known = getAclPolicy(draft.state, policy.id);
  const row: AclPolicyRow = {
    ...policy,
    id: known?.id ?? policy.id,
    createIndex: known?.createIndex ?? draft.index,
    modifyIndex: draft.index,
  };
  draft.put(aclPolicies, row, known);
  return { type: "done" };
}

function faultOf(state: State, { policy, isNew, rulesFault }: AclPolicySet): Rejection | undefined {
  const { id, name } = policy;
  if (name === "") return invalid("Invalid Policy: no Name is set");
  if (!isPolicyName(name))
    return invalid("Invalid Policy: invalid Name. Only alphanumeric characters, '-' and '_' are allowed");
  if (!isNew && !isUuid(id)) return invalid("Policy ID invalid UUID");
  const known = isNew ? undefined : getAclPolicy(state, id);
  if (!isNew && !known) return { code: "acl-unknown", what: "policy", id };
  // Consul: a policy's own name in another letter case counts as taken.
  if (known?.name !== name && getAclPolicyNamed(state, name))
    return { code: "acl-name-taken", of: "policy", name, isNew };
  if (known?.id === globalManagementPolicy.id) {
    if (policy.datacenters.length > 0) return { code: "acl-immutable", what: "policy-datacenters", id };
    if (policy.rules !== known.rules) return { code: "acl-immutable", what: "policy-rules", id };
  }
  return rulesFault === undefined ? undefined : invalid(rulesFault);
}

/** Deletes a policy. Tokens and roles keep their links to it, which then grant nothing. */
export function deleteAclPolicy(draft: Draft, { id }: AclPolicyDelete): Outcome {
  const fault = uuidFault(id);
  if (fault !== undefined)
    return { type: "rejected", reason: invalid(`failed acl policy lookup: index error: ${fault}`) };
  const known = getAclPolicy(draft.state, id);
  if (known?.id === globalManagementPolicy.id)
    return { type: "rejected", reason: { code: "acl-builtin", what: "policy" } };
  if (known) draft.delete(aclPolicies, known);
  return { type: "done" };
}

function invalid(fault: string): Rejection {
  return { code: "acl-invalid", fault };
}
