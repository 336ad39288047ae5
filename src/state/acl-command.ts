import type { Bindings } from "../acl/login-identity.ts";
import type {
  AclAuthMethod,
  AclBindingRule,
  AclPolicy,
  AclRoleRequest,
  AclToken,
  AclTokenRequest,
  AclUserRow,
} from "../model/acl.ts";

/*
 * The commands of access control. The caller has generated the ids of new objects, and gives the wall-clock time, since `apply`
 * reads no clock. Consul finds some faults of a body only after those that depend on the state; a command then has the fault's
 * text, and `apply` rejects it at the right place.
 */

export type AclCommand =
  | AclInitialize
  | AclBootstrap
  | AclPolicySet
  | AclPolicyDelete
  | AclRoleSet
  | AclRoleDelete
  | AclTokenSet
  | AclTokensDelete
  | AclLogin
  | AclLogout
  | AclAuthMethodSet
  | AclAuthMethodDelete
  | AclBindingRuleSet
  | AclBindingRuleDelete
  | AclUserSet
  | AclUserDelete
  | AclLegacySet
  | AclLegacyDelete;

/** Ids for a new token. */
interface NewTokenIds {
  readonly accessorId: string;
  readonly secretId: string;
}

/** Creates the builtin policy and token, and the configured master token, as far as they do not exist. */
export interface AclInitialize {
  readonly type: "acl-initialize";
  readonly master: NewTokenIds | undefined;
  readonly nowMs: number;
}

/** Creates the first management token. */
export interface AclBootstrap extends NewTokenIds {
  readonly type: "acl-bootstrap";
  /** The index of the last bootstrap, which allows another one; 0 if the operator has given none. */
  readonly resetIndex: number;
  readonly nowMs: number;
}

export interface AclPolicySet {
  readonly type: "acl-policy-set";
  readonly policy: AclPolicy;
  readonly isNew: boolean;
  /** Why the rules cannot be parsed. */
  readonly rulesFault: string | undefined;
}

export interface AclPolicyDelete {
  readonly type: "acl-policy-delete";
  readonly id: string;
}

export interface AclRoleSet {
  readonly type: "acl-role-set";
  readonly role: AclRoleRequest;
  readonly isNew: boolean;
}

export interface AclRoleDelete {
  readonly type: "acl-role-delete";
  readonly id: string;
}

export interface AclTokenSet {
  readonly type: "acl-token-set";
  readonly token: AclTokenRequest;
  readonly isNew: boolean;
  readonly nowMs: number;
}

/** Deletes tokens. Unknown accessors are no error. */
export interface AclTokensDelete {
  readonly type: "acl-tokens-delete";
  readonly accessorIds: readonly string[];
}

/** Creates a token for a client whose identity an auth method has verified. Roles that do not exist are ignored. */
export interface AclLogin extends NewTokenIds {
  readonly type: "acl-login";
  /** The name of the auth method. */
  readonly authMethod: string;
  readonly description: string;
  readonly bindings: Bindings;
  /** The user whose password was right, as the user was then; absent for other credentials. */
  readonly user?: Pick<AclUserRow, "name" | "modifyIndex">;
  readonly nowMs: number;
}

/** Deletes the token of a login. An unknown secret is no error. */
export interface AclLogout {
  readonly type: "acl-logout";
  readonly secretId: string;
}

/** Creates an auth method, or replaces the one with the same name in any letter case. */
export interface AclAuthMethodSet {
  readonly type: "acl-auth-method-set";
  readonly method: AclAuthMethod;
  /** Why the method's configuration is not valid. */
  readonly configFault: string | undefined;
}

/** Deletes an auth method, its binding rules and the tokens of its logins. */
export interface AclAuthMethodDelete {
  readonly type: "acl-auth-method-delete";
  readonly name: string;
}

export interface AclBindingRuleSet {
  readonly type: "acl-binding-rule-set";
  readonly rule: AclBindingRule;
  readonly isNew: boolean;
}

export interface AclBindingRuleDelete {
  readonly type: "acl-binding-rule-delete";
  readonly id: string;
}

/** Creates a user of an auth method, or changes what is given. */
export interface AclUserSet {
  readonly type: "acl-user-set";
  readonly authMethod: string;
  readonly name: string;
  /** undefined to keep those that the user has. */
  readonly groups: readonly string[] | undefined;
  /** undefined to keep the password. */
  readonly passwordHash: string | undefined;
}

export interface AclUserDelete {
  readonly type: "acl-user-delete";
  readonly authMethod: string;
  readonly name: string;
}

/** Creates a legacy token, or replaces the one with the same secret. */
export interface AclLegacySet {
  readonly type: "acl-legacy-set";
  readonly token: Pick<AclToken, "accessorId" | "secretId" | "description" | "type" | "rules">;
  /** Why the rules cannot be parsed. */
  readonly rulesFault: string | undefined;
}

/** Deletes the token with a secret. An unknown secret is no error. */
export interface AclLegacyDelete {
  readonly type: "acl-legacy-delete";
  readonly secretId: string;
}
