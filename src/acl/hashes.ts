import { blake2b256 } from "../lib/blake2b.ts";

interface ServiceIdentity {
  readonly serviceName: string;
  readonly datacenters: readonly string[];
}

interface NodeIdentity {
  readonly nodeName: string;
  readonly datacenter: string;
}

interface HashedPolicy {
  readonly name: string;
  readonly description: string;
  readonly rules: string;
  readonly datacenters: readonly string[];
}

interface HashedLinks {
  readonly policyIds: readonly string[];
  readonly serviceIdentities: readonly ServiceIdentity[];
  readonly nodeIdentities: readonly NodeIdentity[];
}

interface HashedRole extends HashedLinks {
  readonly name: string;
  readonly description: string;
}

interface HashedToken extends HashedLinks {
  readonly description: string;
  /** "" but for legacy tokens, and for the management tokens that a bootstrap or a master token of the configuration makes. */
  readonly type: "" | "client" | "management";
  /** The rules of a legacy token; "" for any other. */
  readonly rules: string;
  readonly isLocal: boolean;
  readonly roleIds: readonly string[];
}

/** Returns the Hash of a policy as Consul computes it: base64 over what its writer may choose. */
export function policyHash({ name, description, rules, datacenters }: HashedPolicy): string {
  return blake2b256([name, description, rules, ...datacenters]);
}

/** Returns the Hash of a role. */
export function roleHash(role: HashedRole): string {
  return blake2b256([role.name, role.description, ...role.policyIds, ...identityParts(role)]);
}

/** Returns the Hash of a token. Its ids and its expiration do not count. */
export function tokenHash(token: HashedToken): string {
  return blake2b256([
    ...[token.description, token.type, token.rules, token.isLocal ? "local" : "global"],
    ...[...token.policyIds, ...token.roleIds, ...identityParts(token)],
  ]);
}

function identityParts({ serviceIdentities, nodeIdentities }: HashedLinks): readonly string[] {
  return [
    ...serviceIdentities.flatMap(({ serviceName, datacenters }) => [serviceName, ...datacenters]),
    ...nodeIdentities.flatMap(({ nodeName, datacenter }) => [nodeName, datacenter]),
  ];
}
