import { edgexServiceRules, globalManagementPolicy, nodeIdentityRules, serviceIdentityRules } from "../acl/builtin.ts";
import { everything, type Rights, rightsOf } from "../acl/rights.ts";
import { parseRules, type Rules } from "../acl/rules.ts";
import { translateRules } from "../acl/translate.ts";
import type { AclPolicyRow, AclTokenRow } from "../model/acl.ts";
import type { Grant } from "./token-source.ts";

/** Rights that all tokens with the same policies and identities share, and the name of these rights in the keys of kept answers. */
export interface SharedRights {
  readonly rights: Rights;
  readonly rightsKey: string;
}

export interface GrantRightsOptions {
  /** Where no rule speaks. */
  readonly defaultPolicy: "allow" | "deny";
  readonly datacenter: string;
}

/** A token or a role: whatever has identities. */
type Holder = Pick<AclTokenRow, "serviceIdentities" | "nodeIdentities">;

/** Maximum number of rights that are kept; more are computed again at their next use. */
const keptMax = 10_000;

/** Computes the rights that follow from a token's policies, roles and identities; tokens with the same ones share one set of rights. */
export class GrantRights {
  readonly #options: GrantRightsOptions;
  /** By the text that names their parts. */
  readonly #shared = new Map<string, SharedRights>();
  readonly #rules = new WeakMap<AclPolicyRow, Rules>();
  readonly #serials = new WeakMap<AclPolicyRow, number>();
  #nextSerial = 1;

  constructor(options: GrantRightsOptions) {
    this.#options = options;
  }

  /** @param service the service of EdgeX that has no token, but a JWT */
  of({ token, roles, policies }: Grant, service?: string): SharedRights {
    const holders: readonly Holder[] = [token, ...roles];
    const held = policies.filter(({ datacenters }) => this.#holdsHere(datacenters));
    const services = holders
      .flatMap((each) => each.serviceIdentities)
      .filter((each) => this.#holdsHere(each.datacenters))
      .map(({ serviceName }) => serviceName);
    const nodes = holders
      .flatMap((each) => each.nodeIdentities)
      .filter((each) => this.#holdsHere([each.datacenter]))
      .map(({ nodeName }) => nodeName);
    const serials = held.map((policy) => this.#serialOf(policy));
    const parts = JSON.stringify([serials, services, nodes, token.rules, token.type, service]);
    const known = this.#shared.get(parts);
    if (known) return known;
    const builtin = [
      ...(service === undefined ? [] : [edgexServiceRules(service)]),
      ...services.map(serviceIdentityRules),
      ...nodes.map(nodeIdentityRules),
    ];
    // The number is never used again, so no answer that was kept for other rights has it in its key.
    const shared = { rights: this.#merge(token, held, builtin), rightsKey: String(this.#nextSerial++) };
    if (this.#shared.size >= keptMax) this.#shared.clear();
    this.#shared.set(parts, shared);
    return shared;
  }

  #merge(token: AclTokenRow, policies: readonly AclPolicyRow[], builtin: readonly Rules[]): Rights {
    const isManagement = policies.length === 1 && policies[0]?.id === globalManagementPolicy.id;
    if (isManagement || (token.type === "management" && policies.length === 0)) return everything;
    const legacy = token.rules === "" ? [] : [parseRules(translateRules(token.rules))];
    const rules = [...policies.map((policy) => this.#rulesOf(policy)), ...builtin, ...legacy];
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
