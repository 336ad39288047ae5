import { isUuid, uuidFault } from "../lib/uuid.ts";
import { identityFault, isRoleName, mergedIdentities, type AclRoleRow } from "../model/acl.ts";
import type { AclRoleDelete, AclRoleSet } from "./acl-command.ts";
import { policyIds } from "./acl-link.ts";
import { getAclRole, getAclRoleNamed } from "./acl-lookup.ts";
import type { Outcome, Rejection } from "./command.ts";
import type { Draft } from "./draft.ts";
import type { State } from "./state.ts";
import { aclRoles } from "./tables/acl-role.ts";

/** Creates or replaces a role. Consul: raises the index even if the role is the same as before. */
export function setAclRole(draft: Draft, command: AclRoleSet): Outcome {
  const { role } = command;
  const reason = nameFault(draft.state, command);
  if (reason) return { type: "rejected", reason };
  const policies = policyIds(draft.state, role.policies, "role");
  if ("code" in policies) return { type: "rejected", reason: policies };
  const fault = identityFault(role, { of: "role", local: false });
  if (fault !== undefined) return { type: "rejected", reason: invalid(fault) };
  const known = getAclRole(draft.state, role.id);
  const row: AclRoleRow = {
    id: known?.id ?? role.id,
    name: role.name,
    description: role.description,
    policies,
    ...mergedIdentities(role),
    createIndex: known?.createIndex ?? draft.index,
    modifyIndex: draft.index,
  };
  draft.put(aclRoles, row, known);
  return { type: "done" };
}

function nameFault(state: State, { role, isNew }: AclRoleSet): Rejection | undefined {
  const { id, name } = role;
  if (name === "") return invalid("Invalid Role: no Name is set");
  if (!isRoleName(name))
    return invalid("Invalid Role: invalid Name. Only alphanumeric characters, '-' and '_' are allowed");
  if (!isNew && !isUuid(id)) return invalid("Role ID invalid UUID");
  const known = isNew ? undefined : getAclRole(state, id);
  if (!isNew && !known) return { code: "acl-unknown", what: "role", id };
  // Consul: a role's own name in another letter case counts as taken.
  if (known?.name !== name && getAclRoleNamed(state, name)) return { code: "acl-name-taken", of: "role", name, isNew };
  return undefined;
}

/** Deletes a role. Tokens keep their links to it, which then grant nothing. */
export function deleteAclRole(draft: Draft, { id }: AclRoleDelete): Outcome {
  const fault = uuidFault(id);
  if (fault !== undefined)
    return { type: "rejected", reason: invalid(`failed acl role lookup: index error: ${fault}`) };
  const known = getAclRole(draft.state, id);
  if (known) draft.delete(aclRoles, known);
  return { type: "done" };
}

function invalid(fault: string): Rejection {
  return { code: "acl-invalid", fault };
}
