import { OperatingError } from "../lib/errors.ts";
import type { Check, CheckRowDefinition } from "../model/check.ts";
import type { Node } from "../model/node.ts";
import type { Service } from "../model/service.ts";
import { decodeStatus } from "./check-definition.ts";
import { durationField } from "./json-duration.ts";
import { fieldNames, JsonFields } from "./json-fields.ts";
import { metadataFault } from "./metadata.ts";
import { decodeTaggedAddresses, isAnyAddress } from "./service-address.ts";
import { meshFault } from "./service-faults.ts";
import { decodeMeshParts, type GivenSidecar } from "./service-proxy.ts";
import { decodeWeights, weightsFault } from "./service-weights.ts";

/** The node, service and checks that one catalog/register request writes. */
export interface CatalogRegister {
  readonly node: Node;
  readonly service: Service | undefined;
  readonly checks: readonly Check[];
  /** Whether to leave the node unchanged if it exists. */
  readonly skipNodeUpdate: boolean;
  /** The datacenter to which the request writes; "" means the agent's datacenter. */
  readonly datacenter: string;
}

/** The target of one catalog/deregister request: the node's service or check whose id is not "", or else the whole node. */
export interface CatalogDeregister {
  readonly node: string;
  readonly serviceId: string;
  readonly checkId: string;
  readonly datacenter: string;
}

/**
 * Decodes the body of catalog/register.
 * @throws OperatingError invalid, with the text of the HTTP response: code "decode", or "catalog-validation" for a body that
 * Consul's servers refuse with status 500
 */
export function decodeCatalogRegister(json: unknown): CatalogRegister {
  const fields = new JsonFields(json, { names: registerNames, source: "api", where: "RegisterRequest" });
  fields.string("Token");
  const node = decodeNode(fields);
  const skipNodeUpdate = fields.bool("SkipNodeUpdate");
  const given = fields.has("Service") ? decodeService(fields.raw("Service")) : undefined;
  const checks = decodeChecks(fields, { node: node.name });
  validateNode(node, skipNodeUpdate);
  if (given) validateService(given, node.name);
  return {
    node,
    service: given && { ...given.service, id: given.service.id || given.service.name },
    checks,
    skipNodeUpdate,
    datacenter: node.datacenter,
  };
}

/**
 * Decodes the body of catalog/deregister.
 * @throws OperatingError in the same cases as decodeCatalogRegister
 */
export function decodeCatalogDeregister(json: unknown): CatalogDeregister {
  const fields = new JsonFields(json, { names: deregisterNames, source: "api", where: "" });
  const node = fields.string("Node");
  if (node === "") throw refused("Must provide node");
  return {
    node,
    serviceId: fields.string("ServiceID"),
    checkId: fields.string("CheckID", "types.CheckID"),
    datacenter: fields.string("Datacenter"),
  };
}

const indexNames = ["CreateIndex", "ModifyIndex"];
const registerNames = fieldNames([
  ...[
    "Datacenter",
    "ID",
    "Node",
    "Address",
    "TaggedAddresses",
    "NodeMeta",
    "Service",
    "Check",
    "Checks",
    "SkipNodeUpdate",
  ],
  ...["Token", ...indexNames],
]);
const deregisterNames = fieldNames(["Datacenter", "Node", "Address", "ServiceID", "CheckID", "Token"]);
const serviceNames = fieldNames([
  ...["Kind", "ID", "Service", "Tags", "Address", "TaggedAddresses", "Meta", "Port", "Weights", "EnableTagOverride"],
  ...["Proxy", "Connect", ...indexNames],
]);
const checkNames = fieldNames([
  ...["Node", "CheckID", "Name", "Status", "Notes", "Output", "ServiceID", "ServiceName", "ServiceTags", "Type"],
  ...["Definition", ...indexNames],
]);
const definitionNames = fieldNames([
  ...["HTTP", "TLSSkipVerify", "Header", "Method", "Body", "TCP", "Interval", "Timeout"],
  ...["DeregisterCriticalServiceAfter", "ScriptArgs", "TTL", "AliasNode", "AliasService"],
]);

function decodeNode(fields: JsonFields): Node {
  return {
    id: fields.string("ID", "types.NodeID"),
    name: fields.string("Node"),
    address: fields.string("Address"),
    datacenter: fields.string("Datacenter"),
    taggedAddresses: fields.stringMap("TaggedAddresses"),
    meta: fields.stringMap("NodeMeta"),
  };
}

function validateNode(node: Node, skipNodeUpdate: boolean): void {
  if (node.name === "") throw refused("Must provide node");
  if (node.address === "" && !skipNodeUpdate) throw refused("Must provide address if SkipNodeUpdate is not set");
  if (node.id === "") return;
  if (node.id.length !== 36) throw refused("Bad node ID: uuid string is wrong length");
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(node.id))
    throw refused("Bad node ID: uuid is improperly formatted");
}

interface GivenService {
  readonly service: Service;
  readonly sidecar: GivenSidecar | undefined;
}

function decodeService(json: unknown): GivenService {
  const fields = new JsonFields(json, { names: serviceNames, source: "api", where: "NodeService.Service" });
  const { sidecar, ...mesh } = decodeMeshParts(fields, "api");
  const service = {
    id: fields.string("ID"),
    name: fields.string("Service"),
    kind: fields.string("Kind", "structs.ServiceKind"),
    tags: fields.stringList("Tags"),
    address: fields.string("Address"),
    taggedAddresses: decodeTaggedAddresses(fields, "api"),
    port: fields.int("Port"),
    meta: fields.stringMap("Meta"),
    weights: catalogWeights(fields),
    enableTagOverride: fields.bool("EnableTagOverride"),
    ...mesh,
  };
  return { service, sidecar };
}

/** Decodes a service's weights. Consul: the catalog replaces invalid weights by the defaults; the agent refuses them. */
function catalogWeights(fields: JsonFields): Service["weights"] {
  const weights = decodeWeights(fields.raw("Weights"), "api");
  return weightsFault(weights) === undefined ? weights : decodeWeights(undefined, "api");
}

function validateService({ service, sidecar }: GivenService, node: string): void {
  if (service.name === "") throw refused("Must provide service name with ID");
  if (isAnyAddress(service.address)) throw refused("Invalid service address");
  const mesh = meshFault(service, sidecar);
  if (mesh !== undefined) throw refused(mesh);
  const meta = metadataFault(service.meta);
  const id = service.id || service.name;
  if (meta !== undefined) {
    throw refused(`failed inserting service: Invalid Service Meta for node ${node} and serviceID ${id}: ${meta}`);
  }
}

function decodeChecks(fields: JsonFields, { node }: { node: string }): Check[] {
  const given = [...fields.list("Checks", "structs.HealthChecks")];
  if (fields.has("Check")) given.push(fields.raw("Check"));
  return given.map((json) => decodeCheck(json, node));
}

function decodeCheck(json: unknown, node: string): Check {
  const fields = new JsonFields(json, { names: checkNames, source: "api", where: "HealthCheck.Check" });
  const name = fields.string("Name");
  const id = fields.string("CheckID", "types.CheckID") || name;
  const definition = decodeCheckRowDefinition(fields.raw("Definition") ?? null);
  const check: Check = {
    node: fields.string("Node") || node,
    id,
    name,
    status: decodeStatus(fields.string("Status"), "Bad check status"),
    notes: fields.string("Notes"),
    output: fields.string("Output"),
    serviceId: fields.string("ServiceID"),
    serviceName: fields.string("ServiceName"),
    serviceTags: fields.stringList("ServiceTags"),
    type: fields.string("Type") || definition.type,
    definition: definition.row,
  };
  if (id === "") throw refused(`failed inserting check: a check needs a CheckID or a Name on node "${node}"`);
  if (check.node !== node) throw refused(`check node "${check.node}" does not match node "${node}"`);
  return check;
}

/** Decodes the definition in a catalog check and derives the check's type. Consul: unknown fields of a definition are ignored. */
export function decodeCheckRowDefinition(json: unknown): { row: CheckRowDefinition; type: string } {
  const options = {
    names: definitionNames,
    source: "api",
    where: "HealthCheck.Check.Definition",
    ignoreUnknown: true,
  } as const;
  const fields = new JsonFields(json, options);
  const header = fields.stringListMap("Header");
  const row: CheckRowDefinition = {
    ...(fields.string("HTTP") !== "" && { http: fields.string("HTTP") }),
    ...(fields.bool("TLSSkipVerify") && { tlsSkipVerify: true }),
    ...(Object.keys(header).length > 0 && { header }),
    ...(fields.string("Method") !== "" && { method: fields.string("Method") }),
    ...(fields.string("Body") !== "" && { body: fields.string("Body") }),
    ...(fields.string("TCP") !== "" && { tcp: fields.string("TCP") }),
    ...durationOf(fields, "Interval", "intervalMs"),
    ...durationOf(fields, "Timeout", "timeoutMs"),
    ...durationOf(fields, "DeregisterCriticalServiceAfter", "deregisterCriticalServiceAfterMs"),
  };
  return { row, type: definitionType(fields, row) };
}

function durationOf<K extends string>(fields: JsonFields, field: string, key: K): { [P in K]?: number } {
  const ms = durationField(fields, field, "api");
  // The computed key has the type K, which TypeScript widens to string.
  return ms === 0 ? {} : ({ [key]: ms } as { [P in K]?: number });
}

function definitionType(fields: JsonFields, row: CheckRowDefinition): string {
  if (row.http !== undefined) return "http";
  if (durationField(fields, "TTL", "api") > 0) return "ttl";
  if (row.tcp !== undefined) return "tcp";
  if (fields.string("AliasNode") !== "" || fields.string("AliasService") !== "") return "alias";
  return fields.stringList("ScriptArgs").length > 0 ? "script" : "";
}

/** Makes the error for a well-formed body that the catalog's rules do not allow. */
function refused(message: string): OperatingError {
  return new OperatingError("invalid", "catalog-validation", message);
}
