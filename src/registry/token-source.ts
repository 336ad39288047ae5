import { anonymousToken } from "../acl/builtin.ts";
import type { Rights } from "../acl/rights.ts";
import { type AclPolicyRow, type AclRoleRow, type AclTokenRow, bareToken } from "../model/acl.ts";
import { getAclPolicy, getAclRole, getAclTokenOfSecret } from "../state/acl-lookup.ts";
import type { State } from "../state/state.ts";
import { topics, type Topic } from "../state/topics.ts";
import type { Registry } from "./registry.ts";

/** A token that exists, with everything from which its rights follow. */
export interface Grant {
  readonly token: AclTokenRow;
  /** The roles and policies that the token, or one of its roles, links to. A link to a deleted one counts for nothing. */
  readonly roles: readonly AclRoleRow[];
  readonly policies: readonly AclPolicyRow[];
}

/** The rights of a secret about which no server can decide now. */
export interface Undecided {
  readonly undecided: Rights;
}

/** Where access control finds tokens: a server in its own state, a client agent by asking a server. */
export interface TokenSource {
  /** Whether `refresh` asks a server. */
  readonly isAsked: boolean;
  /** The topics that a write touches when it can change what is found. */
  readonly topics: readonly Topic[];
  /** Returns a number that changes when `find` can return something else for this secret. */
  versionOf(secret: string): number;
  /** Returns what is known of a secret now; undefined if no token has it. */
  find(secret: string): Grant | Undecided | undefined;
  /** Brings what is known of a secret up to date; undefined if it is. The promise never rejects. */
  refresh(secret: string): Promise<void> | undefined;
}

/** The anonymous token as it is until a leader has created it. */
const noToken: AclTokenRow = {
  ...anonymousToken,
  ...bareToken,
  ...{ createIndex: 0, modifyIndex: 0 },
};

/** The tokens in the state of a server, so that a change of one holds at once. */
export class StoredTokens implements TokenSource {
  readonly isAsked = false;
  readonly topics: readonly Topic[] = [topics.aclTokens, topics.aclPolicies, topics.aclRoles];
  readonly #registry: Registry;
  /** The state whose index of the topics is `#index`. */
  #indexed: State | undefined;
  #index = 0;

  constructor(registry: Registry) {
    this.#registry = registry;
  }

  /** Returns the index of the newest change of a token, policy or role. It is looked up once for each state. */
  versionOf(): number {
    const { state } = this.#registry;
    if (state !== this.#indexed) {
      this.#index = this.#registry.indexOf(this.topics);
      this.#indexed = state;
    }
    return this.#index;
  }

  find(secret: string): Grant | undefined {
    const { state } = this.#registry;
    const token = getAclTokenOfSecret(state, secret) ?? (secret === noToken.secretId ? noToken : undefined);
    return token && grantOf(state, token);
  }

  refresh(): undefined {
    return undefined;
  }
}

/** Returns a token with the roles and policies that it has in a state. */
export function grantOf(state: State, token: AclTokenRow): Grant {
  const roles = token.roles.map((id) => getAclRole(state, id)).filter((role) => role !== undefined);
  const ids = new Set([token, ...roles].flatMap(({ policies }) => policies));
  const policies = [...ids].map((id) => getAclPolicy(state, id)).filter((policy) => policy !== undefined);
  return { token, roles, policies };
}
