import type { NodeRow } from "../model/node.ts";
import type { Service, ServiceAddress, ServiceRow, ServiceWeights } from "../model/service.ts";
import { goMap } from "./go-json.ts";
import { encodeAgentProxy, encodeProxy } from "./service-proxy.ts";

/** Encodes a service as agent/services shows it; with a hash, as agent/service/<id> does. */
export function encodeAgentService(service: Service, contentHash?: string): object {
  return {
    Kind: service.kind === "" ? undefined : service.kind,
    ID: service.id,
    Service: service.name,
    Tags: service.tags,
    Meta: goMap(service.meta ?? {}),
    Port: service.port,
    Address: service.address,
    TaggedAddresses: encodeTaggedAddresses(service.taggedAddresses),
    Weights: encodeWeights(service.weights),
    EnableTagOverride: service.enableTagOverride,
    ContentHash: contentHash,
    // Consul: the agent shows a proxy's configuration only for the kinds that are proxies.
    Proxy: isProxyKind(service.kind) ? encodeAgentProxy(service.proxy) : undefined,
    Connect: service.connectNative ? encodeConnect(service) : undefined,
  };
}

/** Encodes a service and its node in one flat object, as catalog/service shows them. */
export function encodeCatalogService(node: NodeRow, service: ServiceRow): object {
  return {
    ID: node.id,
    Node: node.name,
    Address: node.address,
    Datacenter: node.datacenter,
    TaggedAddresses: node.taggedAddresses && goMap(node.taggedAddresses),
    NodeMeta: node.meta && goMap(node.meta),
    ServiceKind: service.kind,
    ServiceID: service.id,
    ServiceName: service.name,
    ServiceTags: service.tags,
    ServiceAddress: service.address,
    ServiceTaggedAddresses: encodeTaggedAddresses(service.taggedAddresses),
    ServiceWeights: encodeWeights(service.weights),
    // Consul: absent metadata is {} in catalog/service and null in health/service.
    ServiceMeta: goMap(service.meta ?? {}),
    ServicePort: service.port,
    ServiceEnableTagOverride: service.enableTagOverride,
    ServiceProxy: encodeProxy(service.proxy),
    ServiceConnect: encodeConnect(service),
    CreateIndex: service.createIndex,
    ModifyIndex: service.modifyIndex,
  };
}

/** Encodes a service as catalog/node, catalog/node-services and health/service show it. */
export function encodeNodeService(service: ServiceRow): object {
  return {
    Kind: service.kind === "" ? undefined : service.kind,
    ID: service.id,
    Service: service.name,
    Tags: service.tags,
    Address: service.address,
    TaggedAddresses: encodeTaggedAddresses(service.taggedAddresses),
    Meta: service.meta && goMap(service.meta),
    Port: service.port,
    Weights: encodeWeights(service.weights),
    EnableTagOverride: service.enableTagOverride,
    Proxy: encodeProxy(service.proxy),
    Connect: encodeConnect(service),
    CreateIndex: service.createIndex,
    ModifyIndex: service.modifyIndex,
  };
}

export function isProxyKind(kind: string): boolean {
  return /^(connect-proxy|(mesh|terminating|ingress)-gateway)$/.test(kind);
}

function encodeConnect({ connectNative }: Service): object {
  return connectNative ? { Native: true } : {};
}

function encodeWeights(weights: ServiceWeights): object {
  return { Passing: weights.passing, Warning: weights.warning };
}

function encodeTaggedAddresses(addresses: Readonly<Record<string, ServiceAddress>> | null): object | undefined {
  const entries = Object.entries(addresses ?? {});
  if (entries.length === 0) return undefined;
  return goMap(Object.fromEntries(entries.map(([tag, at]) => [tag, { Address: at.address, Port: at.port }])));
}
