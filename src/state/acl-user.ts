import { isUserName, type AclUserRow } from "../model/acl.ts";
import type { AclUserDelete, AclUserSet } from "./acl-command.ts";
import { getAclAuthMethod, getAclUser } from "./acl-lookup.ts";
import type { Outcome, Rejection } from "./command.ts";
import type { Draft } from "./draft.ts";
import { aclTokens } from "./tables/acl-token.ts";
import { aclUsers } from "./tables/acl-user.ts";
import { fold } from "./topics.ts";

/** Creates a user, or changes what the command gives. The tokens of the user's logins end, so that none keeps former rights. */
export function setAclUser(draft: Draft, command: AclUserSet): Outcome {
  const method = getAclAuthMethod(draft.state, command.authMethod);
  if (!method)
    return { type: "rejected", reason: { code: "acl-unknown", what: "auth-method", id: command.authMethod } };
  const known = getAclUser(draft.state, command.authMethod, command.name);
  const passwordHash = command.passwordHash ?? known?.passwordHash;
  const fault = faultOf(command, method.type);
  if (fault !== undefined) return invalid(fault);
  if (passwordHash === undefined) return invalid("Invalid User: a new user needs a Password");
  const groups = command.groups ?? known?.groups ?? [];
  const row: AclUserRow = {
    ...{ authMethod: method.name, name: known?.name ?? command.name, groups: [...new Set(groups)], passwordHash },
    ...{ createIndex: known?.createIndex ?? draft.index, modifyIndex: draft.index },
  };
  draft.put(aclUsers, row, known);
  if (known) endLogins(draft, known);
  return { type: "done" };
}

const nameRule =
  "Only letters, digits, '.', '_', '@' and '-' are allowed, at most 128, and the first is a letter or a digit";

function faultOf({ name, groups }: AclUserSet, type: string): string | undefined {
  if (type !== "userpass") return `Invalid User: the auth method has the type ${JSON.stringify(type)}, not "userpass"`;
  if (!isUserName(name)) return `Invalid User: invalid Name. ${nameRule}`;
  const strange = groups?.find((group) => !isUserName(group));
  return strange === undefined ? undefined : `Invalid User: invalid group ${JSON.stringify(strange)}. ${nameRule}`;
}

/** Deletes a user and the tokens of the user's logins. An unknown user is no error. */
export function deleteAclUser(draft: Draft, { authMethod, name }: AclUserDelete): Outcome {
  const known = getAclUser(draft.state, authMethod, name);
  if (!known) return { type: "done" };
  draft.delete(aclUsers, known);
  endLogins(draft, known);
  return { type: "done" };
}

/** Scans all tokens, since users are changed seldom. */
function endLogins(draft: Draft, { authMethod, name }: AclUserRow): void {
  for (const token of draft.state.aclTokens.values())
    if (token.user !== undefined && fold(token.user) === fold(name) && fold(token.authMethod) === fold(authMethod))
      draft.delete(aclTokens, token);
}

function invalid(fault: string): { readonly type: "rejected"; readonly reason: Rejection } {
  return { type: "rejected", reason: { code: "acl-invalid", fault } };
}
