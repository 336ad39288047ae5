import type { FilterField, FilterFields } from "../lib/filter/compile-filter.ts";

/** The fields that `?filter=` can select, for each kind of row. Rows are the objects that this folder's encoders return. */

const text: FilterField = { kind: "string" };
const int: FilterField = { kind: "int" };
const bool: FilterField = { kind: "bool" };
const texts: FilterField = { kind: "strings" };
const textMap: FilterField = { kind: "map", values: text };
const object = (fields: FilterFields): FilterField => ({ kind: "object", fields });
const objects = (fields: FilterFields): FilterField => ({ kind: "objects", fields });

const serviceAddresses: FilterField = { kind: "map", values: object({ Address: text, Port: int }) };
const weights = object({ Passing: int, Warning: int });
const connect = object({ Native: bool });
const meshGateway = object({ Mode: text });

const proxy = object({
  DestinationServiceID: text,
  DestinationServiceName: text,
  Expose: object({
    Checks: bool,
    Paths: objects({ ListenerPort: int, LocalPathPort: int, ParsedFromCheck: bool, Path: text, Protocol: text }),
  }),
  LocalServiceAddress: text,
  LocalServicePort: int,
  MeshGateway: meshGateway,
  Upstreams: objects({
    Datacenter: text,
    DestinationName: text,
    DestinationNamespace: text,
    DestinationType: text,
    LocalBindAddress: text,
    LocalBindPort: int,
    MeshGateway: meshGateway,
  }),
});

const service: FilterFields = {
  Address: text,
  Connect: connect,
  EnableTagOverride: bool,
  ID: text,
  Kind: text,
  Meta: textMap,
  Port: int,
  Proxy: proxy,
  Service: text,
  TaggedAddresses: serviceAddresses,
  Tags: texts,
  Weights: weights,
};

const node: FilterFields = {
  Address: text,
  Datacenter: text,
  ID: text,
  Meta: textMap,
  Node: text,
  TaggedAddresses: textMap,
};

const check: FilterFields = {
  CheckID: text,
  Name: text,
  Node: text,
  Notes: text,
  Output: text,
  ServiceID: text,
  ServiceName: text,
  ServiceTags: texts,
  Status: text,
  Type: text,
};

/** The fields of the rows of agent/services, which encodeAgentService returns. */
export const agentServiceFields: FilterFields = service;

/** The fields of the rows of agent/checks, which encodeCheck returns. */
export const agentCheckFields: FilterFields = check;

/** The fields of the rows of catalog/nodes, which encodeNode returns. */
export const nodeFields: FilterFields = node;

/** The fields of the rows of catalog/node and catalog/node-services, which encodeNodeService returns. */
export const nodeServiceFields: FilterFields = service;

/** The fields of the rows of health/node, health/checks and health/state, which encodeCheck returns. */
export const healthCheckFields: FilterFields = check;

/** The fields of the rows of health/service, which encodeServiceEntry returns. */
export const serviceEntryFields: FilterFields = {
  Checks: objects(check),
  Node: object(node),
  Service: object(service),
};

/** The fields of the rows of catalog/service, which encodeCatalogService returns. */
export const catalogServiceFields: FilterFields = {
  Address: text,
  Datacenter: text,
  ID: text,
  Node: text,
  NodeMeta: textMap,
  ServiceAddress: text,
  ServiceConnect: connect,
  ServiceEnableTagOverride: bool,
  ServiceID: text,
  ServiceKind: text,
  ServiceMeta: textMap,
  ServiceName: text,
  ServicePort: int,
  ServiceProxy: proxy,
  ServiceTaggedAddresses: serviceAddresses,
  ServiceTags: texts,
  ServiceWeights: weights,
  TaggedAddresses: textMap,
};
