import type { RowIndexes } from "./node.ts";

/** A named set of rules. */
export interface AclPolicy {
  /** A UUID. */
  readonly id: string;
  /** Unique in any letter case. */
  readonly name: string;
  readonly description: string;
  /** The rules as the client wrote them. */
  readonly rules: string;
  /** The datacenters in which the policy holds; empty for all. */
  readonly datacenters: readonly string[];
}

/** The rights of a service's instances: their own service and its sidecar proxy, and reads of the catalog. */
export interface ServiceIdentity {
  readonly serviceName: string;
  /** The datacenters in which the identity holds; empty for all. */
  readonly datacenters: readonly string[];
}

/** The rights of an agent: its own node, and reads of the services. */
export interface NodeIdentity {
  readonly nodeName: string;
  readonly datacenter: string;
}

interface Identities {
  readonly serviceIdentities: readonly ServiceIdentity[];
  readonly nodeIdentities: readonly NodeIdentity[];
}

/** A named set of policies and identities. */
export interface AclRole extends Identities {
  /** A UUID. */
  readonly id: string;
  /** Unique in any letter case. */
  readonly name: string;
  readonly description: string;
  /** The ids of the linked policies. A linked policy may have been deleted since. */
  readonly policies: readonly string[];
}

export interface AclToken extends Identities {
  /** The UUID by which the token is administered. */
  readonly accessorId: string;
  /** The text that a client sends: a UUID, except in builtin, master and legacy tokens. */
  readonly secretId: string;
  readonly description: string;
  /** The ids of the linked policies and roles. A linked policy or role may have been deleted since. */
  readonly policies: readonly string[];
  readonly roles: readonly string[];
  /** Whether the token holds in this datacenter only. */
  readonly local: boolean;
  /** The name of the auth method whose login made the token; "" for none. */
  readonly authMethod: string;
  /** The name of the user whose login made the token; absent in all other tokens. */
  readonly user?: string;
  /** When the token ends, as Go writes a time; null for never. */
  readonly expirationTime: string | null;
  /** When the token was made, as Go writes a time. */
  readonly createTime: string;
  /** The type of a token with the rights of before Consul 1.4, and "management" for a bootstrap or master token; else "". */
  readonly type: "" | "client" | "management";
  /** The rules of a legacy token, in the old syntax; else "". */
  readonly rules: string;
}

/** How clients log in with the credentials of another system. */
export interface AclAuthMethod {
  /** Unique in any letter case. */
  readonly name: string;
  readonly type: string;
  readonly displayName: string;
  readonly description: string;
  /** The time in milliseconds after which tokens of a login expire; 0 for never. */
  readonly maxTokenTtlMs: number;
  /** "local", "global", or "" for local. */
  readonly tokenLocality: string;
  /** The settings of the method's type, as the client wrote them. */
  readonly config: Readonly<Record<string, unknown>>;
}

/** Binds logins by an auth method to a service, a role or a node. */
export interface AclBindingRule {
  /** A UUID. */
  readonly id: string;
  readonly description: string;
  readonly authMethod: string;
  /** A filter of the identities to which the rule applies; "" for all. */
  readonly selector: string;
  /** "service", "role" or "node". */
  readonly bindType: string;
  /** The name of the service, role or node, which may contain variables of the identity. */
  readonly bindName: string;
}

/** A person who logs in with a password, by an auth method of type "userpass". */
export interface AclUser {
  /** The name of the auth method. */
  readonly authMethod: string;
  /** Unique in its auth method in any letter case. */
  readonly name: string;
  /** Names that selectors of binding rules can ask for. */
  readonly groups: readonly string[];
}

export type AclPolicyRow = AclPolicy & RowIndexes;
export type AclRoleRow = AclRole & RowIndexes;
export type AclTokenRow = AclToken & RowIndexes;
export type AclAuthMethodRow = AclAuthMethod & RowIndexes;
export type AclBindingRuleRow = AclBindingRule & RowIndexes;

/** A user with the hash of the password, which no answer may show. */
export interface AclUserRow extends AclUser, RowIndexes {
  /** Argon2id with its parameters and salt, in the PHC string format. */
  readonly passwordHash: string;
}

/** A reference to a policy or a role. A client names it by either; a stored object has ids only. */
export interface AclLink {
  readonly id: string;
  readonly name: string;
}

/** A role as a client asks for it. */
export interface AclRoleRequest extends Omit<AclRole, "policies"> {
  readonly policies: readonly AclLink[];
}

/** A token as a client asks for it. */
export interface AclTokenRequest extends Omit<AclToken, "policies" | "roles" | "type" | "createTime"> {
  readonly policies: readonly AclLink[];
  readonly roles: readonly AclLink[];
  /** The time until the token expires, in milliseconds; 0 for never. */
  readonly expirationTtlMs: number;
}

/** The words that Consul reserves, so that no token may have one of them as its secret. */
export function isRootWord(secret: string): boolean {
  return secret === "allow" || secret === "deny" || secret === "manage";
}

/** The bounds of the time until a token expires, in milliseconds. */
export const expirationMsMin = 60_000;
export const expirationMsMax: number = 24 * 3_600_000;
/** The time until a token of a person expires, in milliseconds, unless the auth method has another. */
export const userpassTtlMs = 3_600_000;

/** Go's zero time, which legacy tokens have as their creation time. */
const zeroTime = "0001-01-01T00:00:00Z";

/** The fields of a token that grants nothing, never expires and has no times of its own. */
export const bareToken: Omit<AclToken, "accessorId" | "secretId" | "description"> = {
  ...{ policies: [], roles: [], serviceIdentities: [], nodeIdentities: [] },
  ...{ local: false, authMethod: "", expirationTime: null, createTime: zeroTime, type: "", rules: "" },
};

/** Returns a time as Go's JSON has it: RFC 3339 without zeros at the end of the second's fraction. @param ms since 1970 */
export function goTime(ms: number): string {
  return new Date(ms).toISOString().replace(/\.?0*Z$/, "Z");
}

/** Returns a time of Go in milliseconds since 1970. */
export function goTimeMs(time: string): number {
  return Date.parse(time.replace(/(\.\d{3})\d+/, "$1"));
}

export function isExpired({ expirationTime }: Pick<AclToken, "expirationTime">, nowMs: number): boolean {
  return expirationTime !== null && goTimeMs(expirationTime) <= nowMs;
}

/** Returns whether a name may be that of a policy. */
export function isPolicyName(name: string): boolean {
  return /^[A-Za-z0-9\-_]{1,128}$/.test(name);
}

/** Returns whether a name may be that of a role. */
export function isRoleName(name: string): boolean {
  return /^[A-Za-z0-9\-_]{1,256}$/.test(name);
}

/** Returns whether a name may be that of an auth method. */
export function isAuthMethodName(name: string): boolean {
  return /^[A-Za-z0-9\-_]{1,128}$/.test(name);
}

/** Returns whether a name may be that of a user or of a group. */
export function isUserName(name: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9._@-]{0,127}$/.test(name);
}

/** Returns whether a service or node identity may have this name. */
export function isIdentityName(name: string): boolean {
  return name.length <= 256 && /^[a-z0-9]([a-z0-9\-_]*[a-z0-9])?$/.test(name);
}

/** Returns Consul's text for the first identity that is not valid; undefined if all are. */
export function identityFault(
  { serviceIdentities, nodeIdentities }: Identities,
  { of, local }: { readonly of: "token" | "role"; readonly local: boolean },
): string | undefined {
  const rule = "Only alphanumeric characters, '-' and '_' are allowed";
  for (const { serviceName, datacenters } of serviceIdentities) {
    if (serviceName === "") return `Service identity is missing the service name field on this ${of}`;
    const name = JSON.stringify(serviceName);
    if (local && datacenters.length > 0)
      return `Service identity ${name} cannot specify a list of datacenters on a local token`;
    if (!isIdentityName(serviceName)) return `Service identity ${name} has an invalid name. ${rule}`;
  }
  for (const { nodeName, datacenter } of nodeIdentities) {
    if (nodeName === "") return `Node identity is missing the node name field on this ${of}`;
    if (datacenter === "") return `Node identity is missing the datacenter field on this ${of}`;
    if (!isIdentityName(nodeName)) return `Node identity has an invalid name. ${rule}`;
  }
  return undefined;
}

/** Returns the identities sorted by name, those of one service merged, and each node identity once. */
export function mergedIdentities({ serviceIdentities, nodeIdentities }: Identities): Identities {
  const services = new Map<string, ServiceIdentity>();
  for (const identity of serviceIdentities) {
    const known = services.get(identity.serviceName);
    services.set(identity.serviceName, known ? merged(known, identity) : identity);
  }
  const nodes = new Map(nodeIdentities.map((each) => [`${each.nodeName}\0${each.datacenter}`, each]));
  return {
    serviceIdentities: [...services.values()].toSorted((a, b) => compare(a.serviceName, b.serviceName)),
    nodeIdentities: [...nodes].toSorted(([a], [b]) => compare(a, b)).map(([, identity]) => identity),
  };
}

/** Merges two identities of one service. Consul: one without datacenters makes the result unlimited. */
function merged(one: ServiceIdentity, other: ServiceIdentity): ServiceIdentity {
  if (one.datacenters.length === 0 || other.datacenters.length === 0) return { ...one, datacenters: [] };
  return { ...one, datacenters: [...new Set([...one.datacenters, ...other.datacenters])].toSorted(compare) };
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
