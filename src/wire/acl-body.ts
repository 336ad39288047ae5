import { isRecord } from "../lib/is-record.ts";
import type {
  AclAuthMethod,
  AclBindingRule,
  AclLink,
  AclPolicy,
  AclRoleRequest,
  AclTokenRequest,
  NodeIdentity,
  ServiceIdentity,
} from "../model/acl.ts";
import { durationField } from "./json-duration.ts";
import { type FieldNames, fieldNames, JsonFields, jsonType } from "./json-fields.ts";
import { decodeFailure } from "./json.ts";

/*
 * The bodies of access control's endpoints. Consul accepts and ignores the fields that it sets itself: hash, creation time and
 * indexes. Each decoder throws OperatingError invalid, code "decode".
 */

const policyNames = fieldNames([
  ...["ID", "Name", "Description", "Rules", "Datacenters", "Hash", "CreateIndex", "ModifyIndex"],
]);

export function decodeAclPolicy(json: unknown): AclPolicy {
  const fields = objectOf(json, policyNames);
  checkIgnored(fields);
  return {
    id: fields.string("ID"),
    name: fields.string("Name"),
    description: fields.string("Description"),
    rules: fields.string("Rules"),
    datacenters: fields.stringList("Datacenters"),
  };
}

const roleNames = fieldNames([
  ...["ID", "Name", "Description", "Policies", "ServiceIdentities", "NodeIdentities", "Hash"],
  ...["CreateIndex", "ModifyIndex"],
]);

export function decodeAclRole(json: unknown): AclRoleRequest {
  const fields = objectOf(json, roleNames);
  checkIgnored(fields);
  return {
    id: fields.string("ID"),
    name: fields.string("Name"),
    description: fields.string("Description"),
    policies: links(fields, "Policies", "[]structs.ACLRolePolicyLink"),
    ...identities(fields),
  };
}

const tokenNames = fieldNames([
  ...["AccessorID", "SecretID", "Description", "Policies", "Roles", "ServiceIdentities", "NodeIdentities", "Rules"],
  ...["Local", "AuthMethod", "ExpirationTime", "ExpirationTTL", "CreateTime", "Hash", "CreateIndex", "ModifyIndex"],
]);

export function decodeAclToken(json: unknown): AclTokenRequest {
  const fields = objectOf(json, tokenNames);
  checkIgnored(fields);
  time(fields, "CreateTime");
  return {
    accessorId: fields.string("AccessorID"),
    secretId: fields.string("SecretID"),
    description: fields.string("Description"),
    policies: links(fields, "Policies", "[]structs.ACLTokenPolicyLink"),
    roles: links(fields, "Roles", "[]structs.ACLTokenRoleLink"),
    ...identities(fields),
    rules: fields.string("Rules"),
    local: fields.bool("Local"),
    authMethod: fields.string("AuthMethod"),
    expirationTime: time(fields, "ExpirationTime"),
    expirationTtlMs: durationField(fields, "ExpirationTTL", "api"),
  };
}

const methodNames = fieldNames([
  ...["Name", "Type", "DisplayName", "Description", "MaxTokenTTL", "TokenLocality", "Config"],
  ...["CreateIndex", "ModifyIndex"],
]);

export function decodeAclAuthMethod(json: unknown): AclAuthMethod {
  const fields = objectOf(json, methodNames);
  checkIgnored(fields);
  return {
    name: fields.string("Name"),
    type: fields.string("Type"),
    displayName: fields.string("DisplayName"),
    description: fields.string("Description"),
    maxTokenTtlMs: durationField(fields, "MaxTokenTTL", "api"),
    tokenLocality: fields.string("TokenLocality"),
    config: Object.fromEntries(fields.entries("Config", "map[string]interface {}") ?? []),
  };
}

const ruleNames = fieldNames([
  ...["ID", "Description", "AuthMethod", "Selector", "BindType", "BindName", "CreateIndex", "ModifyIndex"],
]);

export function decodeAclBindingRule(json: unknown): AclBindingRule {
  const fields = objectOf(json, ruleNames, "ACLBindingRule");
  checkIgnored(fields);
  return {
    id: fields.string("ID"),
    description: fields.string("Description"),
    authMethod: fields.string("AuthMethod"),
    selector: fields.string("Selector"),
    bindType: fields.string("BindType"),
    bindName: fields.string("BindName"),
  };
}

/** A token of before Consul 1.4 as a client asks for it. */
export interface LegacyTokenRequest {
  readonly secretId: string;
  readonly name: string;
  readonly type: string;
  readonly rules: string;
}

const legacyNames = fieldNames(["ID", "Name", "Type", "Rules", "CreateIndex", "ModifyIndex"]);

/** Decodes the body of acl/create and acl/update. */
export function decodeLegacyToken(json: unknown): LegacyTokenRequest {
  const fields = objectOf(json, legacyNames, "ACL");
  checkIgnored(fields);
  return {
    secretId: fields.string("ID"),
    name: fields.string("Name"),
    type: fields.string("Type"),
    rules: fields.string("Rules"),
  };
}

/** A question of acl/authorize: whether the caller has an access to a resource. */
export interface AclAuthorization {
  readonly resource: string;
  /** The name of the key, service, node, ...; "" for a resource without names. */
  readonly segment: string;
  readonly access: string;
}

const authorizationNames = fieldNames(["Resource", "Segment", "Access"]);

/** Decodes the body of acl/authorize. */
export function decodeAclAuthorizations(json: unknown): AclAuthorization[] {
  if (json !== null && !Array.isArray(json))
    throw decodeFailure(
      `json: cannot unmarshal ${jsonType(json)} into Go value of type []structs.ACLAuthorizationRequest`,
    );
  return (json ?? []).map((item: unknown) => {
    const fields = objectOf(item, authorizationNames, "ACLAuthorizationRequest");
    return {
      resource: fields.string("Resource", "acl.Resource"),
      segment: fields.string("Segment"),
      access: fields.string("Access"),
    };
  });
}

/** The credentials with which a client logs in. */
export interface LoginRequest {
  readonly authMethod: string;
  readonly bearerToken: string;
  readonly meta: Readonly<Record<string, string>> | null;
}

const loginNames = fieldNames(["AuthMethod", "BearerToken", "Meta"]);

/** Decodes the body of acl/login; undefined for null. */
export function decodeLogin(json: unknown): LoginRequest | undefined {
  if (json === null) return undefined;
  const fields = objectOf(json, loginNames, "ACLLoginParams");
  return {
    authMethod: fields.string("AuthMethod"),
    bearerToken: fields.string("BearerToken"),
    meta: fields.stringMap("Meta"),
  };
}

/** A user as a client asks for it. */
export interface AclUserRequest {
  readonly authMethod: string;
  readonly name: string;
  /** undefined to keep those that the user has. */
  readonly groups: readonly string[] | undefined;
  /** undefined to keep the password. */
  readonly password: string | undefined;
}

const userNames = fieldNames(["AuthMethod", "Name", "Groups", "Password", "CreateIndex", "ModifyIndex"]);

/** Decodes a user with the fields that are to change. */
export function decodeAclUser(json: unknown): AclUserRequest {
  const fields = objectOf(json, userNames);
  checkIgnored(fields);
  return {
    authMethod: fields.string("AuthMethod"),
    name: fields.string("Name"),
    groups: fields.has("Groups") ? fields.stringList("Groups") : undefined,
    password: fields.has("Password") ? fields.string("Password") : undefined,
  };
}

function objectOf(json: unknown, names: FieldNames, where = ""): JsonFields {
  return new JsonFields(json, { names, source: "api", where, explainsNamespace: true });
}

/** Checks the types of the fields that Consul decodes and then ignores. */
function checkIgnored(fields: JsonFields): void {
  fields.string("Hash");
  for (const index of ["CreateIndex", "ModifyIndex"]) {
    const value = fields.raw(index) ?? 0;
    if (typeof value !== "number" && typeof value !== "bigint") throw fields.mismatch(index, value, "uint64");
  }
}

const linkNames = fieldNames(["ID", "Name"]);

function links(fields: JsonFields, field: string, goType: string): AclLink[] {
  return items(fields, field, goType).map((item) => {
    const link = objectOf(item, linkNames, `${goType.slice("[]structs.".length)}.${field}`);
    return { id: link.string("ID"), name: link.string("Name") };
  });
}

const serviceIdentityNames = fieldNames(["ServiceName", "Datacenters"]);
const nodeIdentityNames = fieldNames(["NodeName", "Datacenter"]);

function identities(fields: JsonFields): {
  readonly serviceIdentities: ServiceIdentity[];
  readonly nodeIdentities: NodeIdentity[];
} {
  const services = items(fields, "ServiceIdentities", "[]*structs.ACLServiceIdentity").map((item) => {
    const identity = objectOf(item, serviceIdentityNames, "ACLServiceIdentity.ServiceIdentities");
    return { serviceName: identity.string("ServiceName"), datacenters: identity.stringList("Datacenters") };
  });
  const nodes = items(fields, "NodeIdentities", "[]*structs.ACLNodeIdentity").map((item) => {
    const identity = objectOf(item, nodeIdentityNames, "ACLNodeIdentity.NodeIdentities");
    return { nodeName: identity.string("NodeName"), datacenter: identity.string("Datacenter") };
  });
  return { serviceIdentities: services, nodeIdentities: nodes };
}

/** Returns the items of a list of objects. @param goType the list's type in Go, for error texts */
function items(fields: JsonFields, field: string, goType: string): readonly unknown[] {
  const list = fields.list(field, goType);
  const wrong = list.find((item) => item !== null && !isRecord(item));
  if (wrong !== undefined) throw fields.mismatch(field, wrong, goType.replace(/^\[\]\*?/, ""));
  return list;
}

/** Returns a field that is a time as Go's JSON has it, in UTC; null if the field is absent. */
function time(fields: JsonFields, field: string): string | null {
  const value = fields.raw(field);
  if (value === undefined) return null;
  const text = JSON.stringify(value);
  if (typeof value !== "string") throw unreadableTime(text, `cannot parse ${JSON.stringify(text)} as "\\""`);
  const [, seconds = "", fraction = "", zone = ""] =
    /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?(Z|[+-]\d\d:\d\d)$/.exec(value) ?? [];
  const ms = Date.parse(seconds + zone);
  if (Number.isNaN(ms)) throw unreadableTime(text, `cannot parse ${JSON.stringify(text.slice(1))} as "2006"`);
  const digits = fraction.slice(0, 10).replace(/\.?0+$/, "");
  return new Date(ms).toISOString().replace(".000Z", `${digits}Z`);
}

function unreadableTime(text: string, why: string): Error {
  return decodeFailure(`parsing time "${text}" as "\\"2006-01-02T15:04:05Z07:00\\"": ${why}`.replaceAll("\\", ""));
}
