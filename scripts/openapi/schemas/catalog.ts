import {
  anyObject,
  boolean,
  count,
  either,
  indexes,
  integer,
  listOf,
  mapOf,
  number,
  object,
  oneOf,
  openObject,
  orNull,
  ref,
  type Schemas,
  text,
  textMapOrNull,
  textsOrNull,
  time,
  duration,
} from "../schema.ts";

/** The fields that a service of the catalog and one of an agent share. */
const serviceFields = {
  ID: text,
  Service: text,
  Tags: textsOrNull,
  Address: text,
  Meta: textMapOrNull,
  Port: integer,
  Weights: ref("Weights"),
  EnableTagOverride: boolean,
} as const;

const optionalServiceFields = { Kind: text, TaggedAddresses: mapOf(ref("ServiceAddress")) } as const;

const checkFields = {
  Node: text,
  CheckID: text,
  Name: text,
  Status: ref("CheckStatus"),
  Notes: text,
  Output: text,
  ServiceID: text,
  ServiceName: text,
  ServiceTags: textsOrNull,
  Type: text,
  ...indexes,
} as const;

const nodeFields = {
  ID: text,
  Node: text,
  Address: text,
  TaggedAddresses: textMapOrNull,
  Meta: textMapOrNull,
} as const;

/** The fields that Consul adds to answers that it makes of an answer of a server. */
export const answerMeta: Schemas = {
  Index: count,
  LastContact: count,
  KnownLeader: boolean,
  ConsistencyLevel: text,
};

/** The nodes, services and checks of the catalog and of the agent, and what is kept with them. */
export const catalogSchemas: Schemas = {
  CheckStatus: oneOf("passing", "warning", "critical"),
  Weights: object({ Passing: integer, Warning: integer }),
  ServiceAddress: object({ Address: text, Port: integer }),
  MeshGateway: object({}, { Mode: text }),
  ServiceConnect: object({}, { Native: boolean }),
  ServiceProxy: object(
    { MeshGateway: ref("MeshGateway"), Expose: ref("ExposedPaths") },
    {
      DestinationServiceName: text,
      DestinationServiceID: text,
      LocalServiceAddress: text,
      LocalServicePort: integer,
      Config: anyObject,
      Upstreams: listOf(ref("Upstream")),
    },
  ),
  ExposedPaths: object({}, { Checks: boolean, Paths: listOf(ref("ExposedPath")) }),
  ExposedPath: object(
    { ParsedFromCheck: boolean },
    { ListenerPort: integer, Path: text, LocalPathPort: integer, Protocol: text },
  ),
  Upstream: object(
    { DestinationName: text, MeshGateway: ref("MeshGateway") },
    {
      DestinationType: text,
      DestinationNamespace: text,
      Datacenter: text,
      LocalBindAddress: text,
      LocalBindPort: integer,
      Config: orNull(anyObject),
    },
  ),
  Node: object({ ...nodeFields, Datacenter: text, ...indexes }),
  NodeService: object(
    { ...serviceFields, Proxy: ref("ServiceProxy"), Connect: ref("ServiceConnect"), ...indexes },
    optionalServiceFields,
  ),
  CatalogService: object(
    {
      ...{ ID: text, Node: text, Address: text, Datacenter: text },
      ...{ TaggedAddresses: textMapOrNull, NodeMeta: textMapOrNull },
      ...{ ServiceKind: text, ServiceID: text, ServiceName: text, ServiceTags: textsOrNull, ServiceAddress: text },
      ...{ ServiceWeights: ref("Weights"), ServiceMeta: textMapOrNull, ServicePort: integer },
      ...{
        ServiceEnableTagOverride: boolean,
        ServiceProxy: ref("ServiceProxy"),
        ServiceConnect: ref("ServiceConnect"),
      },
      ...indexes,
    },
    { ServiceTaggedAddresses: mapOf(ref("ServiceAddress")) },
  ),
  NodeServices: object({ Node: ref("Node"), Services: mapOf(ref("NodeService")) }),
  NodeServiceList: object({ Node: orNull(ref("Node")), Services: orNull(listOf(ref("NodeService"))) }),
  HealthCheck: object({ ...checkFields, Definition: ref("RunDefinition") }, { Since: time }),
  RunDefinition: object(
    {},
    {
      ...{ Interval: duration, Timeout: duration, DeregisterCriticalServiceAfter: duration, HTTP: text, TCP: text },
      ...{ TLSSkipVerify: boolean, Method: text, Body: text, Header: orNull(mapOf(textsOrNull)) },
    },
  ),
  ServiceEntry: object({ Node: ref("Node"), Service: ref("NodeService"), Checks: listOf(ref("HealthCheck")) }),
  AgentService: object(serviceFields, {
    ...optionalServiceFields,
    ContentHash: text,
    Proxy: ref("ServiceProxy"),
    Connect: ref("ServiceConnect"),
  }),
  AgentCheck: object(
    { ...checkFields, Definition: either(ref("RunDefinition"), ref("CheckDefinition")) },
    { Since: time },
  ),
  ServiceHealth: object({
    AggregatedStatus: oneOf("passing", "warning", "critical", "maintenance"),
    Service: ref("AgentService"),
    Checks: listOf(ref("HealthCheck")),
  }),
  /** Consul answers about a service that it does not know with the form of one that it knows. */
  UnknownServiceHealth: object({
    AggregatedStatus: text,
    Service: { type: "null" },
    Checks: orNull(listOf(ref("HealthCheck"))),
  }),
  NodeDump: object({ ...nodeFields, Services: listOf(ref("NodeService")), Checks: listOf(ref("HealthCheck")) }),
  ServiceSummary: object(
    {
      ...{ Name: text, Tags: textsOrNull, Nodes: textsOrNull, InstanceCount: count },
      ...{ ChecksPassing: count, ChecksWarning: count, ChecksCritical: count },
      ...{ ExternalSources: textsOrNull, GatewayConfig: anyObject },
    },
    { Kind: text, ProxyFor: textsOrNull },
  ),
  CatalogRegistration: object(
    { Node: text },
    {
      ...{ Address: text, Datacenter: text, ID: text, TaggedAddresses: mapOf(text), NodeMeta: mapOf(text) },
      ...{ Service: ref("RegisteredService"), Check: ref("RegisteredCheck"), Checks: listOf(ref("RegisteredCheck")) },
      SkipNodeUpdate: boolean,
    },
  ),
  RegisteredService: object(
    { Service: text },
    {
      ...{ Kind: text, ID: text, Tags: textsOrNull, Address: text, TaggedAddresses: mapOf(ref("ServiceAddress")) },
      ...{ Meta: textMapOrNull, Port: integer, Weights: ref("Weights"), EnableTagOverride: boolean },
      ...{ Proxy: anyObject, Connect: anyObject },
    },
  ),
  RegisteredCheck: object(
    {},
    {
      ...{ Node: text, CheckID: text, Name: text, Status: ref("CheckStatus"), Notes: text, Output: text },
      ...{ ServiceID: text, ServiceName: text, ServiceTags: textsOrNull, Type: text, Definition: anyObject },
    },
  ),
  CheckUpdate: object({ Status: ref("CheckStatus") }, { Output: text }),
  CatalogDeregistration: object({ Node: text }, { Datacenter: text, Address: text, ServiceID: text, CheckID: text }),
  Coordinate: object({ Vec: listOf(number), Error: number, Adjustment: number, Height: number }),
  NodeCoordinate: object({ Node: text, Segment: text, Coord: ref("Coordinate") }),
  DatacenterCoordinates: object({ Datacenter: text, AreaID: text, Coordinates: listOf(ref("NodeCoordinate")) }),
  CoordinateUpdate: object(
    { Node: text, Coord: openObject({ Vec: listOf(number) }, { Error: number, Adjustment: number, Height: number }) },
    { Datacenter: text, Segment: text },
  ),
};
