import { goTime, mergedIdentities, type AclTokenRow } from "../model/acl.ts";
import type { AclLogin, AclLogout } from "./acl-command.ts";
import { getAclAuthMethod, getAclRoleNamed, getAclTokenOfSecret, getAclUser } from "./acl-lookup.ts";
import type { Outcome } from "./command.ts";
import type { Draft } from "./draft.ts";
import { aclTokens } from "./tables/acl-token.ts";

/** Creates the token of a login, unless the binding rules give it nothing that exists, or the user was changed since the password was checked. */
export function logIn(draft: Draft, command: AclLogin): Outcome {
  const { accessorId, secretId, description, bindings, user, nowMs } = command;
  const method = getAclAuthMethod(draft.state, command.authMethod);
  if (!method)
    return { type: "rejected", reason: { code: "acl-unknown", what: "auth-method", id: command.authMethod } };
  if (user && getAclUser(draft.state, method.name, user.name)?.modifyIndex !== user.modifyIndex)
    return { type: "rejected", reason: { code: "acl-denied" } };
  const roles = bindings.roleNames.flatMap((name) => getAclRoleNamed(draft.state, name)?.id ?? []);
  const identities = mergedIdentities(bindings);
  const links = roles.length + identities.serviceIdentities.length + identities.nodeIdentities.length;
  if (links === 0) return { type: "rejected", reason: { code: "acl-denied" } };
  const row: AclTokenRow = {
    ...{ accessorId, secretId, description },
    policies: [],
    roles: [...new Set(roles)],
    ...identities,
    local: method.tokenLocality !== "global",
    authMethod: method.name,
    ...(user && { user: user.name }),
    expirationTime: method.maxTokenTtlMs === 0 ? null : goTime(nowMs + method.maxTokenTtlMs),
    createTime: goTime(nowMs),
    ...{ type: "", rules: "", createIndex: draft.index, modifyIndex: draft.index },
  };
  draft.put(aclTokens, row, undefined);
  return { type: "done" };
}

export function logOut(draft: Draft, { secretId }: AclLogout): Outcome {
  const known = getAclTokenOfSecret(draft.state, secretId);
  if (known?.authMethod === "") return { type: "rejected", reason: { code: "acl-denied" } };
  if (known) draft.delete(aclTokens, known);
  return { type: "done" };
}
