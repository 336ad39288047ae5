import { anonymousToken, globalManagementPolicy, nodeIdentityRules, serviceIdentityRules } from "../acl/builtin.ts";
import { agentMasterRights, everything, ObservingRights, type Rights, rightsOf } from "../acl/rights.ts";
import { parseRules, type Rules } from "../acl/rules.ts";
import { translateRules } from "../acl/translate.ts";
import type { Clock } from "../lib/clock.ts";
import { OperatingError } from "../lib/errors.ts";
import { isSameSecret } from "../lib/same-secret.ts";
import { type AclPolicyRow, type AclTokenRow, isExpired, isRootWord, bareToken } from "../model/acl.ts";
import { getAclPolicy, getAclRole, getAclTokenOfSecret } from "../state/acl-lookup.ts";
import { topics, type Topic } from "../state/topics.ts";
import type { Caller, Callers } from "./caller.ts";
import { GuardedRegistry } from "./guarded-registry.ts";
import { type ObservedRefusals, unknownToken } from "./observed-refusals.ts";
import type { Registry } from "./registry.ts";
import type { TokenTries } from "./token-tries.ts";

export interface AccessControlOptions {
  /** Where no rule speaks. */
  readonly defaultPolicy: "allow" | "deny";
  /** Whether listing keys needs the right to list their prefix. */
  readonly guardsKeyLists: boolean;
  readonly datacenter: string;
  /** The name of this agent's node. */
  readonly node: string;
  /** The secrets of the agent's own tokens, which a request can change. */
  readonly tokens: OwnTokens;
  readonly tries: TokenTries;
  readonly clock: Clock;
  /** Receives what would be refused, and nothing is; undefined if refusals are to be refused. */
  readonly observed?: ObservedRefusals | undefined;
}

/** The secrets of the tokens that an agent itself has; "" for none. */
interface OwnTokens {
  /** The token of each request that brings none, and of DNS. */
  readonly default: string;
  /** A token that holds on this agent alone. */
  readonly agentMaster: string;
}

/** A token or a role: whatever links to policies. */
type Holder = Pick<AclTokenRow, "policies" | "serviceIdentities" | "nodeIdentities">;

interface Resolved {
  /** The index of the topics when the rights were computed. */
  readonly index: number;
  readonly token: AclTokenRow;
  readonly rights: Rights;
  readonly rightsKey: string;
}

/** The rights of a token that does not exist. */
const nothing: Rights = { may: () => false, mayWriteTree: () => false };

/** The anonymous token as it is until a leader has created it. */
const noToken: AclTokenRow = {
  ...anonymousToken,
  ...bareToken,
  ...{ createIndex: 0, modifyIndex: 0 },
};

/** Maximum number of secrets whose rights are kept; more are computed again at their next use. */
const resolvedMax = 10_000;

/**
 * Finds the rights of each caller by its token.
 *
 * Rights are computed at a token's first use, and again after a change of any token, policy or role, so a change holds at once. Tokens
 * with the same policies and identities share one set of rights, and with it the kept answers.
 */
export class AccessControl implements Callers {
  readonly areLimited = true;
  readonly topics: readonly Topic[] = [topics.aclTokens, topics.aclPolicies, topics.aclRoles];
  readonly #registry: Registry;
  readonly #options: AccessControlOptions;
  readonly #callers = new Map<string, Caller>();
  readonly #secrets = new WeakMap<Caller, string>();
  readonly #resolved = new Map<string, Resolved>();
  /** By the text that names their parts: rights that tokens share. */
  readonly #shared = new Map<string, Rights>();
  readonly #rules = new WeakMap<AclPolicyRow, Rules>();
  readonly #serials = new WeakMap<AclPolicyRow, number>();
  #nextSerial = 1;

  constructor(registry: Registry, options: AccessControlOptions) {
    this.#registry = registry;
    this.#options = options;
  }

  callerOf(secret: string | undefined): Caller {
    const sent = secret ?? (this.#options.tokens.default || anonymousToken.secretId);
    const bringsToken = secret !== undefined;
    const key = `${bringsToken ? "+" : "-"}${sent}`;
    const known = this.#callers.get(key);
    if (known) return known;
    const caller = this.#newCaller(sent, bringsToken);
    if (this.#callers.size >= resolvedMax) this.#callers.clear();
    this.#callers.set(key, caller);
    this.#secrets.set(caller, sent);
    return caller;
  }

  admits(caller: Caller, address: () => string | undefined): boolean {
    const secret = caller.bringsToken ? this.#secrets.get(caller) : undefined;
    return secret === undefined || this.#options.tries.admits(caller, secret, hasRights(caller), address);
  }

  #newCaller(secret: string, bringsToken: boolean): Caller {
    const resolve = (): Resolved => this.#resolve(secret);
    const ofAgent = (): Rights | undefined => {
      const { node, tokens } = this.#options;
      return tokens.agentMaster !== "" && isSameSecret(secret, tokens.agentMaster)
        ? agentMasterRights(node)
        : undefined;
    };
    const { observed } = this.#options;
    const rights = observed ? this.#observing(resolve, observed) : (): Rights => resolve().rights;
    return {
      isChecked: true,
      isObserved: observed !== undefined,
      bringsToken,
      allowsByDefault: this.#options.defaultPolicy === "allow",
      guardsKeyLists: this.#options.guardsKeyLists,
      registry: new GuardedRegistry(this.#registry, rights),
      get rights() {
        return ofAgent() ?? rights();
      },
      get rightsKey() {
        // No answer to an observed caller is kept, so the key names none.
        return observed ? "observed" : resolve().rightsKey;
      },
      get token() {
        return resolve().token;
      },
    };
  }

  /** Returns the rights of a caller whose refusals are only recorded. An unknown token counts as one that may do nothing. */
  #observing(resolve: () => Resolved, observed: ObservedRefusals): () => Rights {
    let last: ObservingRights | undefined;
    return () => {
      let found: Pick<Resolved, "token" | "rights"> = { token: unknownToken, rights: nothing };
      try {
        found = resolve();
      } catch (error) {
        if (!(error instanceof OperatingError && error.kind === "forbidden")) throw error;
      }
      const { token, rights } = found;
      if (last?.real !== rights)
        last = new ObservingRights(rights, (resource, access, name) => observed.add(token, { resource, access, name }));
      return last;
    };
  }

  /** @throws OperatingError forbidden "acl-not-found" */
  #resolve(secret: string): Resolved {
    const index = this.#registry.indexOf(this.topics);
    const known = this.#resolved.get(secret);
    const resolved = known?.index === index ? known : this.#compute(secret, index);
    if (isExpired(resolved.token, this.#options.clock.wallMs())) throw aclNotFound();
    return resolved;
  }

  #compute(secret: string, index: number): Resolved {
    // Consul: these words, which once were tokens, are errors wherever a token is resolved.
    if (isRootWord(secret)) throw new OperatingError("conflict", "acl-root", "Cannot resolve root ACL");
    const token =
      getAclTokenOfSecret(this.#registry.state, secret) ?? (secret === noToken.secretId ? noToken : undefined);
    if (!token) throw aclNotFound();
    const { rights, rightsKey } = this.#rightsOf(token);
    const resolved = { index, token, rights, rightsKey };
    if (this.#resolved.size >= resolvedMax) this.#resolved.clear();
    this.#resolved.set(secret, resolved);
    return resolved;
  }

  #rightsOf(token: AclTokenRow): Pick<Resolved, "rights" | "rightsKey"> {
    const { state } = this.#registry;
    const roles = token.roles.map((id) => getAclRole(state, id)).filter((role) => role !== undefined);
    const holders: readonly Holder[] = [token, ...roles];
    const ids = new Set(holders.flatMap(({ policies }) => policies));
    // A link to a deleted policy or role counts for nothing.
    const policies = [...ids].map((id) => getAclPolicy(state, id)).filter((policy) => policy !== undefined);
    const held = policies.filter(({ datacenters }) => this.#holdsHere(datacenters));
    const services = holders
      .flatMap((each) => each.serviceIdentities)
      .filter((each) => this.#holdsHere(each.datacenters));
    const nodes = holders.flatMap((each) => each.nodeIdentities).filter((each) => this.#holdsHere([each.datacenter]));
    const names = [services.map(({ serviceName }) => serviceName), nodes.map(({ nodeName }) => nodeName)] as const;
    const rightsKey = JSON.stringify([held.map((policy) => this.#serialOf(policy)), names, token.rules, token.type]);
    const known = this.#shared.get(rightsKey);
    if (known) return { rights: known, rightsKey };
    const rights = this.#merge(token, held, names);
    if (this.#shared.size >= resolvedMax) this.#shared.clear();
    this.#shared.set(rightsKey, rights);
    return { rights, rightsKey };
  }

  #merge(
    token: AclTokenRow,
    policies: readonly AclPolicyRow[],
    [services, nodes]: readonly [readonly string[], readonly string[]],
  ): Rights {
    const isManagement = policies.length === 1 && policies[0]?.id === globalManagementPolicy.id;
    if (isManagement || (token.type === "management" && policies.length === 0)) return everything;
    const legacy = token.rules === "" ? [] : [parseRules(translateRules(token.rules))];
    const rules = [
      ...policies.map((policy) => this.#rulesOf(policy)),
      ...services.map(serviceIdentityRules),
      ...nodes.map(nodeIdentityRules),
      ...legacy,
    ];
    return rightsOf(rules, this.#options.defaultPolicy);
  }

  #rulesOf(policy: AclPolicyRow): Rules {
    const known = this.#rules.get(policy) ?? parseRules(policy.rules);
    this.#rules.set(policy, known);
    return known;
  }

  /** Returns a number that no other version of any policy has. Their indexes are not enough: a restore can bring others with the same. */
  #serialOf(policy: AclPolicyRow): number {
    const serial = this.#serials.get(policy) ?? this.#nextSerial++;
    this.#serials.set(policy, serial);
    return serial;
  }

  /** @param datacenters those in which something holds; none means all */
  #holdsHere(datacenters: readonly string[]): boolean {
    return datacenters.length === 0 || datacenters.includes(this.#options.datacenter);
  }
}

function hasRights(caller: Caller): boolean {
  try {
    return caller.rights !== undefined;
  } catch {
    return false;
  }
}

function aclNotFound(): OperatingError {
  return new OperatingError("forbidden", "acl-not-found", "ACL not found");
}
