import { uuidFault } from "../lib/uuid.ts";
import type { AclLink } from "../model/acl.ts";
import { getAclPolicy, getAclPolicyNamed, getAclRole, getAclRoleNamed } from "./acl-lookup.ts";
import type { Rejection } from "./command.ts";
import type { State } from "./state.ts";

/**
 * Returns the ids of the policies that a token or a role links, each once, or the rejection of the first link that leads
 * nowhere.
 */
export function policyIds(state: State, links: readonly AclLink[], of: "token" | "role"): string[] | Rejection {
  return resolve(links, {
    find: ({ id, name }) => (id === "" ? getAclPolicyNamed(state, name) : getAclPolicy(state, id)),
    of,
    what: "policy",
  });
}

/** Does the same for the roles that a token links. */
export function roleIds(state: State, links: readonly AclLink[]): string[] | Rejection {
  return resolve(links, {
    find: ({ id, name }) => (id === "" ? getAclRoleNamed(state, name) : getAclRole(state, id)),
    of: "token",
    what: "role",
  });
}

interface Resolving {
  readonly find: (link: AclLink) => { readonly id: string } | undefined;
  readonly of: "token" | "role";
  readonly what: "policy" | "role";
}

function resolve(links: readonly AclLink[], { find, of, what }: Resolving): string[] | Rejection {
  const ids = new Set<string>();
  for (const link of links) {
    const { id, name } = link;
    const fault = id === "" ? undefined : uuidFault(id);
    if (fault !== undefined) return { code: "acl-invalid", fault: lookupFailure({ of, what, id, fault }) };
    const found = find(link);
    if (!found) return { code: "acl-unknown-link", of, what, ...(id === "" ? byName(name) : byId(id)) };
    ids.add(found.id);
  }
  return [...ids];
}

function byName(value: string): { readonly by: "name"; readonly value: string } {
  return { by: "name", value };
}

function byId(value: string): { readonly by: "ID"; readonly value: string } {
  return { by: "ID", value };
}

interface FailedLookup extends Pick<Resolving, "of" | "what"> {
  readonly id: string;
  readonly fault: string;
}

function lookupFailure({ of, what, id, fault }: FailedLookup): string {
  const text = `failed acl ${what} lookup: index error: ${fault}`;
  return of === "role" ? text : `Error looking up ${what} for id ${JSON.stringify(id)}: ${text}`;
}
