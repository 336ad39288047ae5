import { fieldsOf } from "../../client/json-object.ts";
import type { Check } from "../../model/check.ts";
import type { Node } from "../../model/node.ts";
import type { Service } from "../../model/service.ts";
import { decodeCatalogRegister } from "../../wire/catalog-register.ts";
import { encodeCheck } from "../../wire/check.ts";
import { encodeNodeService } from "../../wire/service.ts";

/** A node of the catalog other than the agent's own, with its services and checks. */
export interface CarriedNode {
  readonly node: Node;
  readonly services: readonly Service[];
  readonly checks: readonly Check[];
}

/** A node, its services and its checks, in the form of the body of catalog/register. */
export interface NodeRows {
  readonly node: Readonly<Record<string, unknown>>;
  readonly services: readonly unknown[];
  readonly checks: readonly unknown[];
}

/**
 * Decodes a node by the rules of catalog/register.
 * @throws OperatingError invalid if catalog/register would refuse the node
 */
export function decodeCarriedNode({ node, services, checks }: NodeRows): CarriedNode {
  const { ID, Node: name, Address, TaggedAddresses, NodeMeta, Meta } = node;
  const base = { ID, Node: name, Address, TaggedAddresses, NodeMeta: NodeMeta ?? Meta };
  const found = decodeCatalogRegister({ ...base, Checks: checks.map(fieldsOf).map(checkOf) });
  const decoded = services.map(fieldsOf).flatMap((row) => {
    const { service } = decodeCatalogRegister({ ...base, Service: serviceFields(row) });
    return service === undefined ? [] : [service];
  });
  return { node: found.node, services: decoded.toSorted(byId), checks: found.checks.toSorted(byId) };
}

function byId(a: { readonly id: string }, b: { readonly id: string }): number {
  return a.id < b.id ? -1 : 1;
}

type Row = Readonly<Record<string, unknown>>;

/** Returns the fields of a listed service that a registration accepts. */
export function serviceFields(row: Row): Row {
  const { Kind, ID, Service, Tags, Address, TaggedAddresses, Meta, Port, Weights, EnableTagOverride, Proxy } = row;
  const { Native } = fieldsOf(row["Connect"]);
  const fields = { Kind, ID, Service, Tags, Address, TaggedAddresses, Meta, Port, Weights, EnableTagOverride };
  // In the catalog, a service that is not a proxy has an empty Proxy.
  const mesh = { ...(Native === true ? { Connect: { Native } } : {}), ...(Kind ? { Proxy } : {}) };
  return { ...fields, ...mesh };
}

function checkOf(row: Row): Row {
  const { CheckID, Name, Status, Notes, Output, ServiceID, ServiceName, ServiceTags, Type, Definition } = row;
  return { CheckID, Name, Status, Notes, Output, ServiceID, ServiceName, ServiceTags, Type, Definition };
}

/** Encodes the registration of a node without services and checks. */
export function encodeNodeItself({ id, name, address, taggedAddresses, meta }: Node): object {
  return {
    ...{ ID: id || undefined, Node: name, Address: address },
    ...{ TaggedAddresses: taggedAddresses ?? undefined, NodeMeta: meta ?? undefined },
  };
}

export function encodeNodesService(service: Service): object {
  return withoutIndexes(encodeNodeService({ ...service, node: "", createIndex: 0, modifyIndex: 0 }));
}

/** Encodes a check, by default without its output, since outputs change often. */
export function encodeNodesCheck(check: Check, output = ""): object {
  const { Node: _, Output, ...rest } = fieldsOf(withoutIndexes(encodeCheck(check, output)));
  return Output === "" ? rest : { ...rest, Output };
}

function withoutIndexes(row: object): object {
  const { CreateIndex: _, ModifyIndex: __, ...rest } = fieldsOf(row);
  return rest;
}
