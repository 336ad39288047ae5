import {
  isExpired,
  type AclAuthMethodRow,
  type AclBindingRuleRow,
  type AclLink,
  type AclPolicyRow,
  type AclRoleRow,
  type AclTokenRow,
  type AclUser,
  type AclUserRow,
} from "../model/acl.ts";
import type { RowIndexes } from "../model/node.ts";
import type { AclCommand } from "../state/acl-command.ts";
import {
  aclResetIndex,
  getAclAuthMethod,
  getAclBindingRule,
  getAclPolicy,
  getAclPolicyNamed,
  getAclRole,
  getAclRoleNamed,
  getAclToken,
  getAclTokenOfSecret,
  getAclUser,
  listAclAuthMethods,
  listAclBindingRules,
  listAclPolicies,
  listAclRoles,
  listAclTokens,
  listAclUsers,
} from "../state/acl-lookup.ts";
import type { State } from "../state/state.ts";
import { fold, topics } from "../state/topics.ts";
import type { Query } from "./query.ts";
import type { Registry } from "./registry.ts";
import { throwIfRejected } from "./rejection.ts";

/** A role with its links to the policies that still exist, with their present names. */
export interface ShownRole {
  readonly row: AclRoleRow;
  readonly policies: readonly AclLink[];
}

/** A token with its links to the policies and roles that still exist, with their present names. */
export interface ShownToken {
  readonly row: AclTokenRow;
  readonly policies: readonly AclLink[];
  readonly roles: readonly AclLink[];
}

/**
 * Writes an object of access control.
 * @throws OperatingError conflict with Consul's text when the command is rejected
 */
export async function writeAcl(store: Registry, command: AclCommand): Promise<void> {
  throwIfRejected(await store.submit(command));
}

export function aclPolicyOf(id: string): Query<AclPolicyRow | undefined> {
  return { topics: [topics.aclPolicies], read: (state) => getAclPolicy(state, id) };
}

export function aclPolicyNamed(name: string): Query<AclPolicyRow | undefined> {
  return { topics: [topics.aclPolicies], read: (state) => getAclPolicyNamed(state, name) };
}

export function allAclPolicies(): Query<readonly AclPolicyRow[]> {
  return { topics: [topics.aclPolicies], read: listAclPolicies };
}

export function aclRoleOf(id: string): Query<ShownRole | undefined> {
  return { topics: [topics.aclRoles], read: (state) => shownRole(state, getAclRole(state, id)) };
}

export function aclRoleNamed(name: string): Query<ShownRole | undefined> {
  return { topics: [topics.aclRoles], read: (state) => shownRole(state, getAclRoleNamed(state, name)) };
}

function showRole(state: State, row: AclRoleRow): ShownRole {
  return { row, policies: linksOf(row.policies, (id) => getAclPolicy(state, id)) };
}

function showToken(state: State, row: AclTokenRow): ShownToken {
  return {
    row,
    policies: linksOf(row.policies, (id) => getAclPolicy(state, id)),
    roles: linksOf(row.roles, (id) => getAclRole(state, id)),
  };
}

function linksOf(ids: readonly string[], find: (id: string) => AclLink | undefined): AclLink[] {
  return ids.flatMap((id) => {
    const found = find(id);
    return found ? [{ id: found.id, name: found.name }] : [];
  });
}

function shownRole(state: State, row: ReturnType<typeof getAclRole>): ShownRole | undefined {
  return row && showRole(state, row);
}

/** Returns the query for the roles that link a policy, or for all with the id "". */
export function aclRoles(policyId: string): Query<readonly ShownRole[]> {
  return {
    topics: [topics.aclRoles],
    read: (state) =>
      listAclRoles(state)
        .filter(({ policies }) => policyId === "" || links(policies, policyId))
        .map((row) => showRole(state, row)),
  };
}

/** Returns the query for the token with an accessor, if it has not expired. */
export function aclTokenOf(accessorId: string, nowMs: () => number): Query<ShownToken | undefined> {
  return tokenQuery((state) => getAclToken(state, accessorId), nowMs);
}

/** Returns the query for the token with a secret, if it has not expired. Knowing a secret is enough to read its token. */
export function aclTokenOfSecret(secretId: string, nowMs: () => number): Query<ShownToken | undefined> {
  return forEveryone(tokenQuery((state) => getAclTokenOfSecret(state, secretId), nowMs));
}

/** Returns the query as one whose answer needs no rights. */
function forEveryone<T>(query: Query<T>): Query<T> {
  return { ...query, readAs: (state) => query.read(state) };
}

function tokenQuery(
  find: (state: State) => AclTokenRow | undefined,
  nowMs: () => number,
): Query<ShownToken | undefined> {
  return {
    topics: [topics.aclTokens],
    read(state) {
      const row = find(state);
      return row && !isExpired(row, nowMs()) ? showToken(state, row) : undefined;
    },
  };
}

/** The conditions of a list of tokens; "" for any. */
export interface TokenFilter {
  readonly policyId: string;
  readonly roleId: string;
  readonly authMethod: string;
}

/**
 * Returns the query for the tokens that have not expired, in order of their secrets. Each is a function that looks up the token's
 * links in the state that was read, since that takes long for a long list.
 */
export function aclTokens(
  { policyId, roleId, authMethod }: TokenFilter,
  nowMs: () => number,
): Query<readonly (() => ShownToken)[]> {
  return {
    topics: [topics.aclTokens],
    read: (state) =>
      listAclTokens(state, nowMs())
        .filter(({ policies }) => policyId === "" || links(policies, policyId))
        .filter(({ roles }) => roleId === "" || links(roles, roleId))
        .filter((row) => authMethod === "" || fold(row.authMethod) === fold(authMethod))
        .map((row) => () => showToken(state, row)),
  };
}

function links(ids: readonly string[], id: string): boolean {
  return ids.some((each) => fold(each) === fold(id));
}

export function aclAuthMethodNamed(name: string): Query<AclAuthMethodRow | undefined> {
  return { topics: [topics.aclAuthMethods], read: (state) => getAclAuthMethod(state, name) };
}

export function allAclAuthMethods(): Query<readonly AclAuthMethodRow[]> {
  return { topics: [topics.aclAuthMethods], read: listAclAuthMethods };
}

export function aclBindingRuleOf(id: string): Query<AclBindingRuleRow | undefined> {
  return { topics: [topics.aclBindingRules], read: (state) => getAclBindingRule(state, id) };
}

/** Returns the query for the binding rules of an auth method, or for all with the name "". */
export function aclBindingRules(authMethod: string): Query<readonly AclBindingRuleRow[]> {
  return { topics: [topics.aclBindingRules], read: (state) => listAclBindingRules(state, authMethod) };
}

/** A user without the hash of the password. */
export type ShownUser = AclUser & RowIndexes;

/** Returns the query for the users of an auth method, or for all with the name "". */
export function aclUsers(authMethod: string): Query<readonly ShownUser[]> {
  return {
    topics: [topics.aclUsers],
    read: (state) => listAclUsers(state, authMethod).map(({ passwordHash: _hash, ...shown }) => shown),
  };
}

/** Returns the query for a user with the hash of the password, for a login. */
export function aclUserNamed(authMethod: string, name: string): Query<AclUserRow | undefined> {
  return { topics: [topics.aclUsers], read: (state) => getAclUser(state, authMethod, name) };
}

/** Returns the query for the tokens that have a type: legacy and bootstrap tokens, or the one of them with a secret. */
export function legacyTokens(secretId: string | undefined, nowMs: () => number): Query<readonly AclTokenRow[]> {
  const query: Query<readonly AclTokenRow[]> = {
    topics: [topics.aclTokens],
    read: (state) =>
      listAclTokens(state, nowMs()).filter(
        (row) => row.type !== "" && (secretId === undefined || row.secretId === secretId),
      ),
  };
  // Consul: a caller that knows the secret of a legacy token may read it.
  return secretId === undefined ? query : forEveryone(query);
}

/** Returns the query for the number that allows another bootstrap; undefined before the first one. */
export function aclResetIndexQuery(): Query<number | undefined> {
  return forEveryone({ topics: [topics.aclTokens], read: aclResetIndex });
}
