import type { CheckRow } from "../model/check.ts";
import type { ServiceRow } from "../model/service.ts";
import type { TxnError, TxnOperation, TxnResult } from "../model/txn.ts";
import { decodeBase64 } from "./base64.ts";
import { decodeCheckRowDefinition } from "./catalog-register.ts";
import { decodeStatus } from "./check-definition.ts";
import { encodeCheck } from "./check.ts";
import { fieldNames, JsonFields, readUint64, type FieldNames } from "./json-fields.ts";
import { decodeFailure } from "./json.ts";
import { encodeKvEntry } from "./kv-entry.ts";
import { encodeNode } from "./node.ts";
import { decodeTaggedAddresses } from "./service-address.ts";
import { decodeWeights } from "./service-weights.ts";
import { decodeMeshParts } from "./service-proxy.ts";
import { encodeNodeService } from "./service.ts";

/**
 * Decodes the body of txn. Consul: an operation without KV, Node, Service or Check is ignored.
 * @throws OperatingError invalid, code "decode"
 */
export function decodeTxn(json: unknown): TxnOperation[] {
  if (json === null) return [];
  if (!Array.isArray(json)) {
    const type = typeof json === "object" ? "object" : typeof json === "boolean" ? "bool" : typeof json;
    throw decodeFailure(`json: cannot unmarshal ${type} into Go value of type api.TxnOps`);
  }
  return json.flatMap((operation: unknown) => decodeOperation(operation));
}

export function encodeTxnResults(results: readonly TxnResult[]): object[] {
  return results.map(encodeResult);
}

export function encodeTxnErrors(errors: readonly TxnError[]): object[] {
  return errors.map(({ at, what }) => ({ OpIndex: at, What: what }));
}

const indexNames = ["CreateIndex", "ModifyIndex", "Namespace"];
const operationNames = fieldNames(["KV", "Node", "Service", "Check"]);
const kvNames = fieldNames(["Verb", "Key", "Value", "Flags", "Index", "Session", "Namespace"]);
const catalogNames = fieldNames(["Verb", "Node", "Service", "Check"]);
const nodeNames = fieldNames(["ID", "Node", "Address", "Datacenter", "TaggedAddresses", "Meta", ...indexNames]);
const serviceNames = fieldNames([
  ...["Kind", "ID", "Service", "Tags", "Meta", "Port", "Address", "TaggedAddresses", "Weights", "EnableTagOverride"],
  ...["ContentHash", "Proxy", "Connect", "Datacenter", ...indexNames],
]);
const checkNames = fieldNames([
  ...["Node", "CheckID", "Name", "Status", "Notes", "Output", "ServiceID", "ServiceName", "ServiceTags", "Type"],
  ...["Definition", ...indexNames],
]);

/** Decodes one operation. Consul: if it has several of KV, Node, Service and Check, the first in this order counts. */
function decodeOperation(json: unknown): TxnOperation[] {
  const fields = read(json, operationNames, "TxnOp");
  const [kv, node] = [object(fields, "KV", "api.KVTxnOp"), object(fields, "Node", "api.NodeTxnOp")];
  const service = object(fields, "Service", "api.ServiceTxnOp");
  const check = object(fields, "Check", "api.CheckTxnOp");
  if (kv !== undefined) return [decodeKv(kv)];
  if (node !== undefined) return [decodeNode(node)];
  if (service !== undefined) return [decodeService(service)];
  return check === undefined ? [] : [decodeCheck(check)];
}

function decodeKv(json: object): TxnOperation {
  const fields = read(json, kvNames, "KVTxnOp.KV");
  return {
    kind: "kv",
    verb: fields.string("Verb", "api.KVOp"),
    key: fields.string("Key"),
    value: decodeBase64(fields.string("Value", "[]uint8")),
    flags: readUint64(fields, "Flags", "KVTxnOp.KV"),
    index: Number(readUint64(fields, "Index", "KVTxnOp.KV")),
    session: fields.string("Session"),
  };
}

function decodeNode(json: object): TxnOperation {
  const outer = read(json, catalogNames, "NodeTxnOp.Node");
  const fields = read(outer.raw("Node"), nodeNames, "Node.Node.Node");
  return {
    kind: "node",
    verb: outer.string("Verb", "api.NodeOp"),
    node: {
      id: fields.string("ID"),
      name: fields.string("Node"),
      address: fields.string("Address"),
      datacenter: fields.string("Datacenter"),
      taggedAddresses: fields.stringMap("TaggedAddresses"),
      meta: fields.stringMap("Meta"),
    },
    index: modifyIndex(fields),
  };
}

function decodeService(json: object): TxnOperation {
  const outer = read(json, catalogNames, "ServiceTxnOp.Service");
  const fields = read(outer.raw("Service"), serviceNames, "AgentService.Service.Service");
  const [id, name, verb] = [fields.string("ID"), fields.string("Service"), outer.string("Verb", "api.ServiceOp")];
  const { sidecar: _, ...mesh } = decodeMeshParts(fields, "api");
  return {
    kind: "service",
    verb,
    node: outer.string("Node"),
    service: {
      // Consul: a service without an id has its name as id, except in a get.
      id: id === "" && verb !== "get" ? name : id,
      name,
      kind: fields.string("Kind", "api.ServiceKind"),
      tags: fields.stringList("Tags"),
      address: fields.string("Address"),
      taggedAddresses: decodeTaggedAddresses(fields, "api"),
      port: fields.int("Port"),
      meta: fields.stringMap("Meta"),
      weights: decodeWeights(fields.raw("Weights"), "api"),
      enableTagOverride: fields.bool("EnableTagOverride"),
      ...mesh,
    },
    index: modifyIndex(fields),
  };
}

function decodeCheck(json: object): TxnOperation {
  const outer = read(json, catalogNames, "CheckTxnOp.Check");
  const fields = read(outer.raw("Check"), checkNames, "HealthCheck.Check.Check");
  const [id, name, verb] = [fields.string("CheckID"), fields.string("Name"), outer.string("Verb", "api.CheckOp")];
  return {
    kind: "check",
    verb,
    check: {
      node: fields.string("Node"),
      id: id === "" && verb !== "get" ? name : id,
      name,
      status: decodeStatus(fields.string("Status"), "Bad check status"),
      notes: fields.string("Notes"),
      output: fields.string("Output"),
      serviceId: fields.string("ServiceID"),
      serviceName: fields.string("ServiceName"),
      serviceTags: fields.stringList("ServiceTags"),
      type: "",
      definition: decodeCheckRowDefinition(fields.raw("Definition") ?? null).row,
    },
    index: modifyIndex(fields),
  };
}

function read(json: unknown, names: FieldNames, where: string): JsonFields {
  return new JsonFields(json, { names, source: "api", where, goPackage: "api" });
}

function object(fields: JsonFields, field: string, goType: string): object | undefined {
  const value = fields.raw(field);
  if (value === undefined) return undefined;
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  throw fields.mismatch(field, value, goType);
}

function modifyIndex(fields: JsonFields): number {
  return Number(readUint64(fields, "ModifyIndex", "ModifyIndex"));
}

function encodeResult(result: TxnResult): object {
  switch (result.kind) {
    case "kv":
      return { KV: { ...encodeKvEntry(result.row), ...(result.withValue ? {} : { Value: null }) } };
    case "node":
      return { Node: encodeNode(result.row) };
    case "service":
      return { Service: encodeService(result.row) };
    case "check":
      return { Check: encodeTxnCheck(result.row) };
  }
}

/** Encodes a service in a transaction's result. Consul: an empty list of tags is null. */
function encodeService(row: ServiceRow): object {
  return { ...encodeNodeService(row), Tags: row.tags.length === 0 ? null : row.tags };
}

function encodeTxnCheck(row: CheckRow): object {
  return { ...encodeCheck(row, row.output), ServiceTags: row.serviceTags.length === 0 ? null : row.serviceTags };
}
