import {
  isExpired,
  type AclAuthMethodRow,
  type AclBindingRuleRow,
  type AclPolicyRow,
  type AclRoleRow,
  type AclTokenRow,
  type AclUserRow,
} from "../model/acl.ts";
import { kvOrder, rowKey } from "./row-key.ts";
import type { State } from "./state.ts";
import { bootstrapKey } from "./tables/acl-bootstrap.ts";
import { fold } from "./topics.ts";

export function getAclPolicy(state: State, id: string): AclPolicyRow | undefined {
  return state.aclPolicies.get(rowKey(id));
}

export function getAclPolicyNamed(state: State, name: string): AclPolicyRow | undefined {
  return state.aclPolicyNames.get(fold(name));
}

/** Returns all policies, in order of id. */
export function listAclPolicies(state: State): AclPolicyRow[] {
  return [...state.aclPolicies.values()];
}

export function getAclRole(state: State, id: string): AclRoleRow | undefined {
  return state.aclRoles.get(rowKey(id));
}

export function getAclRoleNamed(state: State, name: string): AclRoleRow | undefined {
  return state.aclRoleNames.get(fold(name));
}

/** Returns all roles, in order of id. */
export function listAclRoles(state: State): AclRoleRow[] {
  return [...state.aclRoles.values()];
}

/** Returns the token with this accessor, expired or not. */
export function getAclToken(state: State, accessorId: string): AclTokenRow | undefined {
  return state.aclTokens.get(rowKey(accessorId));
}

/** Returns the token with exactly this secret, expired or not. */
export function getAclTokenOfSecret(state: State, secretId: string): AclTokenRow | undefined {
  return state.aclTokenSecrets.get(kvOrder(secretId));
}

/** Returns the tokens that have not expired, in order of their secrets. */
export function listAclTokens(state: State, nowMs: number): AclTokenRow[] {
  return [...state.aclTokenSecrets.values()].filter((row) => !isExpired(row, nowMs));
}

export function getAclAuthMethod(state: State, name: string): AclAuthMethodRow | undefined {
  return state.aclAuthMethods.get(rowKey(name));
}

/** Returns all auth methods, in order of name. */
export function listAclAuthMethods(state: State): AclAuthMethodRow[] {
  return [...state.aclAuthMethods.values()];
}

export function getAclBindingRule(state: State, id: string): AclBindingRuleRow | undefined {
  return state.aclBindingRules.get(rowKey(id));
}

/** Returns the binding rules of an auth method, or all for the name "", in order of id. */
export function listAclBindingRules(state: State, authMethod: string): AclBindingRuleRow[] {
  const rows = [...state.aclBindingRules.values()];
  return authMethod === "" ? rows : rows.filter((row) => fold(row.authMethod) === fold(authMethod));
}

export function getAclUser(state: State, authMethod: string, name: string): AclUserRow | undefined {
  return state.aclUsers.get(rowKey(authMethod, name));
}

/** Returns the users of an auth method, or all for the name "", in order of auth method and name. */
export function listAclUsers(state: State, authMethod: string): AclUserRow[] {
  const rows = [...state.aclUsers.values()];
  return authMethod === "" ? rows : rows.filter((row) => fold(row.authMethod) === fold(authMethod));
}

/** Returns the number that allows another bootstrap; undefined before the first one. */
export function aclResetIndex(state: State): number | undefined {
  return state.aclBootstrap.get(bootstrapKey)?.modifyIndex;
}
