import { everything, type Rights } from "../acl/rights.ts";
import type { AclToken } from "../model/acl.ts";
import type { Topic } from "../state/topics.ts";
import type { Registry } from "./registry.ts";

/** The sender of a request, and what access control lets it do. */
export interface Caller {
  /** Whether access control is on. */
  readonly isChecked: boolean;
  /** Whether refusals are only recorded. The answers to such a caller are not kept, so that each of its requests is seen. */
  readonly isObserved: boolean;
  /** Whether the caller may do what no rule speaks of. Consul: acl.default_policy. */
  readonly allowsByDefault: boolean;
  /** Whether listing keys needs the right to list their prefix. Consul: acl.enable_key_list_policy. */
  readonly guardsKeyLists: boolean;
  /** Shows the rows that the caller may read, and refuses the writes that it may not make. */
  readonly registry: Registry;
  /** The caller's present rights. @throws OperatingError forbidden when its token does not exist, or exists no longer */
  readonly rights: Rights;
  /**
   * A text that is the same for all callers with the same rights, and different for all others, as part of the keys of kept answers.
   * @throws OperatingError as `rights` does
   */
  readonly rightsKey: string;
  /** Whether the request brought the token, so that the caller knows its secret. If not, the agent's default token stands for it. */
  readonly bringsToken: boolean;
  /** The caller's token; undefined while access control is off. @throws OperatingError as `rights` does */
  readonly token: AclToken | undefined;
}

/** The text in the keys of kept answers for callers that may do everything. */
export const anyone = "";

/** Finds the caller of a request. */
export interface Callers {
  /** Whether access control is on. If not, the token of a request does not matter, and every caller is `anyone`. */
  readonly areLimited: boolean;
  /** The topics that a write touches when it can change the rights of a caller. */
  readonly topics: readonly Topic[];
  /** @param secret the secret of the token that the request brings; undefined if it brings none */
  callerOf(secret: string | undefined): Caller;
  /**
   * Returns whether a request of the caller may be answered. It may not after too many unknown tokens from its address.
   * @param address returns the client's address; undefined on a Unix socket
   */
  admits(caller: Caller, address: () => string | undefined): boolean;
}

/** Returns the callers while access control is off: each may do everything. */
export function unlimitedCallers(registry: Registry): Callers {
  const caller: Caller = {
    isChecked: false,
    isObserved: false,
    allowsByDefault: true,
    guardsKeyLists: false,
    registry,
    rights: everything,
    rightsKey: anyone,
    bringsToken: false,
    token: undefined,
  };
  return { areLimited: false, topics: [], callerOf: () => caller, admits: () => true };
}
