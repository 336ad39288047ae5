import type { ExposedPath, ProxyConfig, ServiceProxy, Upstream } from "../model/service-proxy.ts";
import type { Service } from "../model/service.ts";
import { goValue } from "./go-json.ts";
import { type FieldNames, fieldNames, JsonFields, type WireSource } from "./json-fields.ts";

type MeshParts = Pick<Service, "connectNative" | "proxy"> & {
  /** The sidecar proxy to register with the service; undefined if the definition has no sidecar. */
  readonly sidecar: GivenSidecar | undefined;
};

/** A sidecar proxy in a service definition, before its fields are decoded. */
export interface GivenSidecar {
  readonly json: unknown;
  readonly hasId: boolean;
  /** Whether the sidecar's definition contains another sidecar, which is not allowed. */
  readonly hasSidecar: boolean;
}

/**
 * Decodes the service mesh fields `Connect` and `Proxy`. Consul: names in snake case are accepted, and unknown fields of
 * `Connect` are ignored.
 * @throws OperatingError invalid, code "decode"
 */
export function decodeMeshParts(fields: JsonFields, source: WireSource): MeshParts {
  const connect = nested(fields.raw("Connect"), connectNames, { source, where: "Connect", ignoreUnknown: true });
  return {
    ...(connect.bool("Native") && { connectNative: true }),
    ...(fields.has("Proxy") && { proxy: decodeProxy(fields.raw("Proxy"), source) }),
    sidecar: decodeSidecar(connect.raw("SidecarService"), source),
  };
}

function decodeSidecar(json: unknown, source: WireSource): GivenSidecar | undefined {
  if (json === undefined) return undefined;
  const fields = nested(json, sidecarNames, { source, where: "Connect.SidecarService", ignoreUnknown: true });
  const connect = nested(fields.raw("Connect"), connectNames, { source, where: "Connect", ignoreUnknown: true });
  return { json, hasId: fields.string("ID") !== "", hasSidecar: connect.has("SidecarService") };
}

function decodeProxy(json: unknown, source: WireSource): ServiceProxy {
  const where = source === "file" ? "service.proxy" : "Proxy";
  const fields = nested(json, proxyNames, { source, where });
  const expose = nested(fields.raw("Expose"), exposeNames, { source, where: `${where}.Expose` });
  return {
    destinationServiceName: fields.string("DestinationServiceName"),
    destinationServiceId: fields.string("DestinationServiceID"),
    localServiceAddress: fields.string("LocalServiceAddress"),
    localServicePort: fields.int("LocalServicePort"),
    config: decodeConfig(fields),
    upstreams: fields.list("Upstreams", "structs.Upstreams").map((item) => decodeUpstream(item, source)),
    meshGatewayMode: decodeMode(fields, source),
    exposeChecks: expose.bool("Checks"),
    exposePaths: expose.list("Paths", "[]structs.ExposePath").map((item) => decodePath(item, source)),
  };
}

function decodeUpstream(json: unknown, source: WireSource): Upstream {
  const fields = nested(json, upstreamNames, { source, where: "Upstream" });
  return {
    destinationType: fields.string("DestinationType"),
    destinationNamespace: fields.string("DestinationNamespace"),
    destinationName: fields.string("DestinationName"),
    datacenter: fields.string("Datacenter"),
    localBindAddress: fields.string("LocalBindAddress"),
    localBindPort: fields.int("LocalBindPort"),
    config: decodeConfig(fields),
    meshGatewayMode: decodeMode(fields, source),
  };
}

function decodePath(json: unknown, source: WireSource): ExposedPath {
  const fields = nested(json, pathNames, { source, where: "ExposePath" });
  return {
    listenerPort: fields.int("ListenerPort"),
    path: fields.string("Path"),
    localPathPort: fields.int("LocalPathPort"),
    protocol: fields.string("Protocol"),
    parsedFromCheck: fields.bool("ParsedFromCheck"),
  };
}

function decodeMode(fields: JsonFields, source: WireSource): string {
  return nested(fields.raw("MeshGateway"), modeNames, { source, where: "MeshGateway" }).string("Mode");
}

/** Decodes a proxy's opaque configuration. Consul: numbers are float64, so a large integer loses its last digits. */
function decodeConfig(fields: JsonFields): ProxyConfig | null {
  const entries = fields.entries("Config", "map[string]interface {}") ?? [];
  const text = JSON.stringify(Object.fromEntries(entries), (_, value: unknown) =>
    typeof value === "bigint" ? Number(value) : value,
  );
  // The text is JSON.stringify's output for an object, so it parses to an object of JSON values.
  return entries.length === 0 ? null : (JSON.parse(text) as ProxyConfig);
}

interface NestedOptions {
  readonly source: WireSource;
  readonly where: string;
  readonly ignoreUnknown?: boolean;
}

function nested(json: unknown, names: FieldNames, options: NestedOptions): JsonFields {
  return new JsonFields(json ?? null, { names, ...options });
}

/** Builds field names that are accepted in camel case and in the snake case of configuration files. */
function withSnakeCase(fields: Readonly<Record<string, string>>): FieldNames {
  return fieldNames(Object.values(fields), fields);
}

const sidecarNames = fieldNames(["ID", "Connect"]);
const connectNames = withSnakeCase({ native: "Native", sidecar_service: "SidecarService" });
const exposeNames = withSnakeCase({ checks: "Checks", paths: "Paths" });
const modeNames = withSnakeCase({ mode: "Mode" });
const proxyNames = withSnakeCase({
  destination_service_name: "DestinationServiceName",
  destination_service_id: "DestinationServiceID",
  local_service_address: "LocalServiceAddress",
  local_service_port: "LocalServicePort",
  config: "Config",
  upstreams: "Upstreams",
  mesh_gateway: "MeshGateway",
  expose: "Expose",
});
const upstreamNames = withSnakeCase({
  destination_type: "DestinationType",
  destination_namespace: "DestinationNamespace",
  destination_name: "DestinationName",
  datacenter: "Datacenter",
  local_bind_address: "LocalBindAddress",
  local_bind_port: "LocalBindPort",
  config: "Config",
  mesh_gateway: "MeshGateway",
});
const pathNames = withSnakeCase({
  listener_port: "ListenerPort",
  path: "Path",
  local_path_port: "LocalPathPort",
  protocol: "Protocol",
  parsed_from_check: "ParsedFromCheck",
});

/** The proxy of a definition in which no proxy field is set. */
export const emptyProxy: ServiceProxy = decodeProxy(null, "api");

/** Encodes a service's proxy as the catalog shows it; undefined means that the service has no proxy. */
export function encodeProxy(proxy: ServiceProxy | undefined): object {
  return encode(proxy, (upstream) => ({
    ...{ DestinationType: upstream.destinationType, DestinationNamespace: orUndefined(upstream.destinationNamespace) },
    ...{ DestinationName: upstream.destinationName, Datacenter: upstream.datacenter },
    ...{ LocalBindAddress: orUndefined(upstream.localBindAddress), LocalBindPort: upstream.localBindPort },
    ...{ Config: upstream.config && goValue(upstream.config), MeshGateway: encodeMode(upstream.meshGatewayMode) },
  }));
}

/** Encodes a service's proxy as the agent shows it, without empty fields. */
export function encodeAgentProxy(proxy: ServiceProxy | undefined): object {
  return encode(proxy, (upstream) => ({
    DestinationType: orUndefined(upstream.destinationType),
    DestinationNamespace: orUndefined(upstream.destinationNamespace),
    DestinationName: upstream.destinationName,
    Datacenter: orUndefined(upstream.datacenter),
    LocalBindAddress: orUndefined(upstream.localBindAddress),
    LocalBindPort: orUndefined(upstream.localBindPort),
    Config: upstream.config ? goValue(upstream.config) : undefined,
    MeshGateway: encodeMode(upstream.meshGatewayMode),
  }));
}

function encode(proxy: ServiceProxy | undefined, encodeUpstream: (upstream: Upstream) => object): object {
  if (!proxy) return { MeshGateway: {}, Expose: {} };
  return {
    DestinationServiceName: orUndefined(proxy.destinationServiceName),
    DestinationServiceID: orUndefined(proxy.destinationServiceId),
    LocalServiceAddress: orUndefined(proxy.localServiceAddress),
    LocalServicePort: orUndefined(proxy.localServicePort),
    Config: proxy.config ? goValue(proxy.config) : undefined,
    Upstreams: listOrUndefined(proxy.upstreams.map(encodeUpstream)),
    MeshGateway: encodeMode(proxy.meshGatewayMode),
    Expose: {
      Checks: proxy.exposeChecks || undefined,
      Paths: listOrUndefined(proxy.exposePaths.map(encodePath)),
    },
  };
}

function encodePath(path: ExposedPath): object {
  return {
    ListenerPort: orUndefined(path.listenerPort),
    Path: orUndefined(path.path),
    LocalPathPort: orUndefined(path.localPathPort),
    Protocol: orUndefined(path.protocol),
    ParsedFromCheck: path.parsedFromCheck,
  };
}

function encodeMode(mode: string): object {
  return mode === "" ? {} : { Mode: mode };
}

function orUndefined<T extends string | number>(value: T): T | undefined {
  return value === "" || value === 0 ? undefined : value;
}

function listOrUndefined<T>(list: readonly T[]): readonly T[] | undefined {
  return list.length === 0 ? undefined : list;
}
