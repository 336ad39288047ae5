import { isRootWord, bareToken, type AclTokenRow } from "../model/acl.ts";
import { anonymousToken, globalManagementPolicy } from "../acl/builtin.ts";
import type { AclLegacyDelete, AclLegacySet } from "./acl-command.ts";
import { getAclTokenOfSecret } from "./acl-lookup.ts";
import type { Outcome, Rejection } from "./command.ts";
import type { Draft } from "./draft.ts";
import { aclTokens } from "./tables/acl-token.ts";

/**
 * Creates or replaces a legacy token. Consul gives such a token its accessor, and one of type "management" the builtin policy,
 * within seconds; here it has them at once.
 */
export function setAclLegacyToken(draft: Draft, { token, rulesFault }: AclLegacySet): Outcome {
  const known = getAclTokenOfSecret(draft.state, token.secretId);
  if (token.secretId === anonymousToken.secretId || (known && usesNewFields(known)))
    return rejected({ code: "acl-not-legacy" });
  if (isRootWord(token.secretId)) return rejected({ code: "acl-root" });
  if (rulesFault !== undefined)
    return rejected({ code: "acl-invalid", fault: `ACL rule compilation failed: ${rulesFault}` });
  const row: AclTokenRow = {
    ...bareToken,
    ...token,
    accessorId: known?.accessorId ?? token.accessorId,
    policies: token.type === "management" ? [globalManagementPolicy.id] : [],
    createTime: known?.createTime ?? bareToken.createTime,
    createIndex: known?.createIndex ?? draft.index,
    modifyIndex: draft.index,
  };
  draft.put(aclTokens, row, known);
  return { type: "done" };
}

/** Returns whether a token has a field that the legacy endpoints cannot show. */
function usesNewFields(row: AclTokenRow): boolean {
  const { policies, roles, serviceIdentities, nodeIdentities } = row;
  const links = policies.length + roles.length + serviceIdentities.length + nodeIdentities.length;
  return row.type === "" || links > 0 || row.expirationTime !== null || row.authMethod !== "";
}

export function deleteAclLegacyToken(draft: Draft, { secretId }: AclLegacyDelete): Outcome {
  if (secretId === anonymousToken.secretId) return rejected({ code: "acl-builtin", what: "legacy-token" });
  const known = getAclTokenOfSecret(draft.state, secretId);
  if (known) draft.delete(aclTokens, known);
  return { type: "done" };
}

function rejected(reason: Rejection): Outcome {
  return { type: "rejected", reason };
}
