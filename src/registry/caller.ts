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
  /** Whether the request brought the token, so that the caller knows its secret. If not, it is the agent's default token or the anonymous one. */
  readonly bringsToken: boolean;
  /** The caller's token; undefined while access control is off. @throws OperatingError as `rights` does */
  readonly token: AclToken | undefined;
  /**
   * Brings the caller's rights up to date, on a client agent by asking a server; undefined if they are. A request that has waited does
   * so before it goes on. The promise never rejects.
   */
  refresh(): Promise<void> | undefined;
  /**
   * Does the same at the start of a request, unless `admits` will refuse it in any case.
   * @param address as in `admits`
   */
  prepare(address: () => string | undefined): Promise<void> | undefined;
  /**
   * Returns whether a request of the caller may be answered. It may not after too many unknown tokens from its address.
   * @param address returns the client's address; undefined on a Unix socket
   */
  admits(address: () => string | undefined): boolean;
}

/** The text in the keys of kept answers for callers that may do everything. */
export const anyone = "";

/** Stands for the token of a request that a browser's page sent without one. */
export const pageWithoutToken: unique symbol = Symbol("page without token");

/** The secret of the token that a request brings. Without one, the agent's default token stands for it, except for pages. */
export type SentToken = string | typeof pageWithoutToken | undefined;

/** Finds the caller of a request. */
export interface Callers {
  /** Whether access control is on. If not, the token of a request does not matter, and every caller is `anyone`. */
  readonly areLimited: boolean;
  /** Whether a server must be asked for the rights of callers: `prepare` then comes before all else. */
  readonly areAsked: boolean;
  /** The topics that a write touches when it can change the rights of a caller. */
  readonly topics: readonly Topic[];
  /**
   * @param sent the secret of the token that the request brings
   * @param agentToken the secret of the token that a program's request without one has, "" for the anonymous token; undefined for this
   * agent's default token
   */
  callerOf(sent: SentToken, agentToken?: string): Caller;
  /**
   * Returns the caller for a service of EdgeX 4 whose JWT was verified.
   * @param service the service's key: letters, digits, and `_ . -`
   */
  callerOfService(service: string): Caller;
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
    refresh: () => undefined,
    prepare: () => undefined,
    admits: () => true,
  };
  return { areLimited: false, areAsked: false, topics: [], callerOf: () => caller, callerOfService: () => caller };
}
