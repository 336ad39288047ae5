import { policyHash, roleHash, tokenHash } from "../acl/hashes.ts";
import type { AclPolicyRow } from "../model/acl.ts";
import type { ShownRole, ShownToken } from "../registry/acl.ts";
import {
  encodeAclPolicy,
  encodeAclPolicyStub,
  encodeAclRole,
  encodeAclToken,
  encodeAclTokenStub,
  encodeBootstrapToken,
  type LinkedToken,
} from "../wire/acl.ts";

/*
 * Encodes the objects of access control with their hashes. Consul: a link to a policy that was deleted is not shown, but is still
 * part of the hash.
 */

export function showPolicy(row: AclPolicyRow): object {
  return encodeAclPolicy(row, policyHash(row));
}

export function showPolicyStub(row: AclPolicyRow): object {
  return encodeAclPolicyStub(row, policyHash(row));
}

export function showRole(role: ShownRole): object {
  return encodeAclRole({ ...role, hash: roleHash({ ...role.row, policyIds: role.row.policies }) });
}

export function showToken(token: ShownToken, options: { readonly showsSecret: boolean }): object {
  return encodeAclToken(withHash(token), options.showsSecret);
}

export function showTokenStub(token: ShownToken, options: { readonly showsSecret: boolean }): object {
  return encodeAclTokenStub(withHash(token), options.showsSecret);
}

export function showBootstrapToken(token: ShownToken): object {
  return encodeBootstrapToken(withHash(token));
}

function withHash(token: ShownToken): LinkedToken {
  const { row } = token;
  return { ...token, hash: tokenHash({ ...row, isLocal: row.local, policyIds: row.policies, roleIds: row.roles }) };
}
