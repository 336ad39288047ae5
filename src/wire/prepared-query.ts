import { parseDuration } from "../lib/duration.ts";
import { messageOf, OperatingError } from "../lib/errors.ts";
import { isTemplate, type PreparedQuery, type PreparedQueryRow, type ServiceQuery } from "../model/prepared-query.ts";
import { goMap } from "./go-json.ts";
import { fieldNames, JsonFields, type FieldNames } from "./json-fields.ts";
import { metadataFault } from "./metadata.ts";

const names = fieldNames([
  ...["ID", "Name", "Session", "Token", "Template", "Service", "DNS", "CreateIndex", "ModifyIndex"],
]);
const templateNames = fieldNames(["Type", "Regexp", "RemoveEmptyTags"]);
const serviceNames = fieldNames([
  ...["Service", "Failover", "OnlyPassing", "IgnoreCheckIDs", "Near", "Tags", "NodeMeta", "ServiceMeta", "Connect"],
]);
const failoverNames = fieldNames(["NearestN", "Datacenters"]);
const dnsNames = fieldNames(["TTL"]);

/**
 * Decodes the body of query and query/<id>; `json` is null if the request has no body. @throws OperatingError invalid, code
 * "decode"
 */
export function decodePreparedQuery(json: unknown): PreparedQuery {
  const fields = new JsonFields(json, { names, source: "api", where: "PreparedQuery" });
  const template = inner(fields, "Template", { names: templateNames, type: "QueryTemplateOptions", path: "Template" });
  const service = inner(fields, "Service", { names: serviceNames, type: "ServiceQuery", path: "Service" });
  const dns = inner(fields, "DNS", { names: dnsNames, type: "QueryDNSOptions", path: "DNS" });
  return {
    id: fields.string("ID"),
    name: fields.string("Name"),
    session: fields.string("Session"),
    token: fields.string("Token"),
    template: {
      type: template.string("Type"),
      regexp: template.string("Regexp"),
      removeEmptyTags: template.bool("RemoveEmptyTags"),
    },
    service: decodeService(service),
    dnsTtl: dns.string("TTL"),
  };
}

function decodeService(fields: JsonFields): ServiceQuery {
  const failover = inner(fields, "Failover", {
    ...{ names: failoverNames, type: "QueryDatacenterOptions", path: "Service.Failover" },
  });
  return {
    service: fields.string("Service"),
    failover: { nearestN: failover.int("NearestN"), datacenters: listOrNull(failover, "Datacenters") },
    onlyPassing: fields.bool("OnlyPassing"),
    ignoreCheckIds: fields.has("IgnoreCheckIDs") ? checkIds(fields) : null,
    near: fields.string("Near"),
    tags: listOrNull(fields, "Tags"),
    nodeMeta: fields.stringMap("NodeMeta"),
    serviceMeta: fields.stringMap("ServiceMeta"),
    connect: fields.bool("Connect"),
  };
}

interface Inner {
  readonly names: FieldNames;
  /** The object's Go type, followed by its path in the body; error texts have both. */
  readonly type: string;
  readonly path: string;
}

function inner(outer: JsonFields, field: string, { names: known, type, path }: Inner): JsonFields {
  const value = outer.raw(field) ?? null;
  if (typeof value !== "object" || Array.isArray(value)) throw outer.mismatch(field, value, `structs.${type}`);
  return new JsonFields(value, { names: known, source: "api", where: `${type}.${path}` });
}

function listOrNull(fields: JsonFields, field: string): string[] | null {
  return fields.has(field) ? fields.stringList(field) : null;
}

function checkIds(fields: JsonFields): string[] {
  return fields.list("IgnoreCheckIDs", "[]types.CheckID").map((id) => {
    if (id === null) return "";
    if (typeof id !== "string") throw fields.mismatch("IgnoreCheckIDs", id, "types.CheckID");
    return id;
  });
}

/**
 * Validates the fields of a prepared query, but not that its name is unique.
 * @throws OperatingError invalid, code "query-validation", with the text of the HTTP response; Consul's status is 500
 */
export function validatePreparedQuery(query: PreparedQuery): void {
  const fault = faultOf(query);
  if (fault !== undefined) throw new OperatingError("invalid", "query-validation", `Invalid prepared query: ${fault}`);
}

function faultOf(query: PreparedQuery): string | undefined {
  const { service, failover, nodeMeta } = query.service;
  if (query.name === "" && query.session === "" && !isTemplate(query)) return "Must be bound to a session";
  if (query.token === redacted) {
    return `Bad Token '${redacted}', it looks like a query definition with a redacted token was submitted`;
  }
  if (service === "") return "Must provide a Service name to query";
  if (failover.nearestN < 0) return `Bad NearestN '${failover.nearestN}', must be >= 0`;
  return metadataFault(nodeMeta, { allowReserved: true }) ?? ttlFault(query.dnsTtl);
}

/** The text that Consul shows instead of a token to clients that may not see the token. */
const redacted = "<hidden>";
const nsPerMs = 1e6;

function ttlFault(ttl: string): string | undefined {
  if (ttl === "") return undefined;
  try {
    const ms = parseDuration(ttl);
    return ms < 0 ? `DNS TTL '${Math.round(ms * nsPerMs)}', must be >=0` : undefined;
  } catch (cause) {
    return `Bad DNS TTL '${ttl}': ${messageOf(cause)}`;
  }
}

/** Encodes a prepared query as every endpoint shows it. */
export function encodePreparedQuery(row: PreparedQueryRow): object {
  const { template, service } = row;
  return {
    ID: row.id,
    Name: row.name,
    Session: row.session,
    Token: row.token,
    Template: { Type: template.type, Regexp: template.regexp, RemoveEmptyTags: template.removeEmptyTags },
    Service: {
      Service: service.service,
      Failover: { NearestN: service.failover.nearestN, Datacenters: service.failover.datacenters },
      OnlyPassing: service.onlyPassing,
      IgnoreCheckIDs: service.ignoreCheckIds,
      Near: service.near,
      Tags: service.tags,
      NodeMeta: service.nodeMeta && goMap(service.nodeMeta),
      ServiceMeta: service.serviceMeta && goMap(service.serviceMeta),
      Connect: service.connect,
    },
    DNS: encodeDns(row.dnsTtl),
    CreateIndex: row.createIndex,
    ModifyIndex: row.modifyIndex,
  };
}

export function encodeDns(ttl: string): object {
  return { TTL: ttl };
}
