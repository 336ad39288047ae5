import { formatDuration } from "../lib/duration.ts";
import type {
  AclAuthMethodRow,
  AclBindingRuleRow,
  AclLink,
  AclPolicyRow,
  AclRole,
  AclRoleRow,
  AclTokenRow,
  AclUser,
} from "../model/acl.ts";
import type { RowIndexes } from "../model/node.ts";
import { goValue } from "./go-json.ts";

/** The text that replaces a secret that a client may not see. */
const hidden = "<hidden>";

/** A token or role with the links that it shows, and its hash. */
interface Linked<Row> {
  readonly row: Row;
  readonly policies: readonly AclLink[];
  readonly hash: string;
}

export interface LinkedToken extends Linked<AclTokenRow> {
  readonly roles: readonly AclLink[];
}

export function encodeAclPolicy(row: AclPolicyRow, hash: string): object {
  return {
    ID: row.id,
    Name: row.name,
    Description: row.description,
    Rules: row.rules,
    Datacenters: unlessEmpty(row.datacenters),
    ...hashAndIndexes(row, hash),
  };
}

/** Encodes a policy as in lists. */
export function encodeAclPolicyStub(row: AclPolicyRow, hash: string): object {
  return {
    ID: row.id,
    Name: row.name,
    Description: row.description,
    Datacenters: unlessEmpty(row.datacenters) ?? null,
    ...hashAndIndexes(row, hash),
  };
}

export function encodeAclRole({ row, policies, hash }: Linked<AclRoleRow>): object {
  return {
    ID: row.id,
    Name: row.name,
    Description: row.description,
    Policies: encodeLinks(policies),
    ...encodeIdentities(row),
    ...hashAndIndexes(row, hash),
  };
}

/** Encodes a token. @param showsSecret whether the client may see the token's secret */
export function encodeAclToken(token: LinkedToken, showsSecret: boolean): object {
  const { row, hash } = token;
  return {
    AccessorID: row.accessorId,
    SecretID: showsSecret ? row.secretId : hidden,
    Description: row.description,
    ...encodeGrants(token),
    Rules: row.rules === "" ? undefined : row.rules,
    ...encodeTimes(row),
    ...hashAndIndexes(row, hash),
  };
}

/** Encodes a token as the answer to a bootstrap, which has its secret as its ID, too. */
export function encodeBootstrapToken(token: LinkedToken): object {
  return { ID: token.row.secretId, ...encodeAclToken(token, true) };
}

/**
 * Encodes a token as in lists. Consul shows secrets in lists from 1.11 on, and EdgeX 2.3 and 3 take the secret of the agent's token
 * from there.
 * @param showsSecret whether the client may see the token's secret
 */
export function encodeAclTokenStub(token: LinkedToken, showsSecret: boolean): object {
  const { row, hash } = token;
  return {
    AccessorID: row.accessorId,
    SecretID: showsSecret ? row.secretId : undefined,
    Description: row.description,
    ...encodeGrants(token),
    ...encodeTimes(row),
    ...hashAndIndexes(row, hash),
    Legacy: row.rules === "" ? undefined : true,
  };
}

function encodeGrants({ row, policies, roles }: LinkedToken): object {
  return { Policies: encodeLinks(policies), Roles: encodeLinks(roles), ...encodeIdentities(row), Local: row.local };
}

function encodeTimes({ authMethod, expirationTime, createTime }: AclTokenRow): object {
  return {
    AuthMethod: authMethod === "" ? undefined : authMethod,
    ExpirationTime: expirationTime ?? undefined,
    CreateTime: createTime,
  };
}

function encodeLinks(links: readonly AclLink[]): object[] | undefined {
  return unlessEmpty(links.map(({ id, name }) => ({ ID: id, Name: name })));
}

function encodeIdentities({
  serviceIdentities,
  nodeIdentities,
}: Pick<AclRole, "serviceIdentities" | "nodeIdentities">) {
  const services = serviceIdentities.map((each) => ({
    ServiceName: each.serviceName,
    Datacenters: unlessEmpty(each.datacenters),
  }));
  const nodes = nodeIdentities.map((each) => ({ NodeName: each.nodeName, Datacenter: each.datacenter }));
  return { ServiceIdentities: unlessEmpty(services), NodeIdentities: unlessEmpty(nodes) };
}

export function encodeAclAuthMethod(row: AclAuthMethodRow): object {
  return {
    MaxTokenTTL: row.maxTokenTtlMs === 0 ? undefined : formatDuration(row.maxTokenTtlMs),
    ...encodeMethodNames(row),
    TokenLocality: row.tokenLocality === "" ? undefined : row.tokenLocality,
    Config: goValue(row.config),
    CreateIndex: row.createIndex,
    ModifyIndex: row.modifyIndex,
  };
}

/** Encodes an auth method as in lists. */
export function encodeAclAuthMethodStub(row: AclAuthMethodRow): object {
  return { ...encodeMethodNames(row), CreateIndex: row.createIndex, ModifyIndex: row.modifyIndex };
}

function encodeMethodNames({ name, type, displayName, description }: AclAuthMethodRow): object {
  return {
    Name: name,
    Type: type,
    DisplayName: displayName === "" ? undefined : displayName,
    Description: description === "" ? undefined : description,
  };
}

export function encodeAclBindingRule(row: AclBindingRuleRow): object {
  return {
    ID: row.id,
    Description: row.description,
    AuthMethod: row.authMethod,
    Selector: row.selector,
    BindType: row.bindType,
    BindName: row.bindName,
    CreateIndex: row.createIndex,
    ModifyIndex: row.modifyIndex,
  };
}

/** Encodes a user. It has no field for the password or its hash. */
export function encodeAclUser(user: AclUser & RowIndexes): object {
  return {
    AuthMethod: user.authMethod,
    Name: user.name,
    Groups: [...user.groups],
    CreateIndex: user.createIndex,
    ModifyIndex: user.modifyIndex,
  };
}

/** Encodes a token as the endpoints of before Consul 1.4 show it. */
export function encodeLegacyToken(row: AclTokenRow): object {
  return {
    ID: row.secretId,
    Name: row.description,
    Type: row.type,
    Rules: row.rules,
    CreateIndex: row.createIndex,
    ModifyIndex: row.modifyIndex,
  };
}

/** Returns the state of the replication of a server that replicates nothing, as the leader of the primary datacenter has it. */
export function encodeNoReplication(): object {
  const never = "0001-01-01T00:00:00Z";
  return {
    ...{ Enabled: false, Running: false, SourceDatacenter: "", ReplicationType: "" },
    ...{ ReplicatedIndex: 0, ReplicatedRoleIndex: 0, ReplicatedTokenIndex: 0, LastSuccess: never, LastError: never },
  };
}

function hashAndIndexes(row: { readonly createIndex: number; readonly modifyIndex: number }, hash: string): object {
  return { Hash: hash, CreateIndex: row.createIndex, ModifyIndex: row.modifyIndex };
}

function unlessEmpty<T>(list: readonly T[]): T[] | undefined {
  return list.length === 0 ? undefined : [...list];
}
