import type { ExposedPath, ServiceProxy, Upstream } from "../model/service-proxy.ts";
import type { Service } from "../model/service.ts";
import { isProxyKind } from "./service.ts";

/*
 * Computes the ContentHash of agent/service/<id> as Consul does. Consul hashes the Go value that it then writes as JSON,
 * with format 1 of the Go package hashstructure and 64-bit FNV-1:
 *
 * - a string: FNV-1 of its UTF-8 bytes; a number: of its 8 bytes, little-endian; a boolean: of one byte;
 * - a pair: FNV-1 of the 16 bytes of two hashes, little-endian; a list: its items folded into pairs, beginning with 0;
 * - a map: the exclusive or of the pairs of each key and value; a struct: the exclusive or of the pairs of each field's name
 *   and value, zero values included, and of the hash of the type's name. So the order of fields does not matter;
 * - a nil pointer: the integer 0.
 */

/** A 64-bit hash as two unsigned 32-bit halves. */
interface Hash {
  readonly high: number;
  readonly low: number;
}

/** Cached hashes. Hashing takes 0.1 ms, and a blocking query on one service needs the hash at each change of any service. */
const known = new WeakMap<Service, string>();

/** Returns the ContentHash of a service, as Consul writes it: hexadecimal, without leading zeros. */
export function contentHash(service: Service): string {
  const hash = known.get(service) ?? format(hashService(service));
  known.set(service, hash);
  return hash;
}

function format({ high, low }: Hash): string {
  return high === 0 ? low.toString(16) : high.toString(16) + low.toString(16).padStart(8, "0");
}

function hashService(service: Service): Hash {
  return struct("AgentService", {
    Kind: text(service.kind),
    ID: text(service.id),
    Service: text(service.name),
    Tags: list(service.tags.map(text)),
    Meta: map(service.meta ?? {}, text),
    Port: integer(service.port),
    Address: text(service.address),
    TaggedAddresses: map(service.taggedAddresses ?? {}, ({ address, port }) =>
      struct("ServiceAddress", { Address: text(address), Port: integer(port) }),
    ),
    Weights: struct("AgentWeights", {
      Passing: integer(service.weights.passing),
      Warning: integer(service.weights.warning),
    }),
    EnableTagOverride: boolean(service.enableTagOverride),
    CreateIndex: integer(0),
    ModifyIndex: integer(0),
    ContentHash: text(""),
    Proxy: isProxyKind(service.kind) ? hashProxy(service.proxy ?? noProxy) : nil,
    Connect: service.connectNative
      ? struct("AgentServiceConnect", { Native: boolean(true), SidecarService: nil })
      : nil,
  });
}

const noProxy: ServiceProxy = {
  destinationServiceName: "",
  destinationServiceId: "",
  localServiceAddress: "",
  localServicePort: 0,
  config: null,
  upstreams: [],
  meshGatewayMode: "",
  exposeChecks: false,
  exposePaths: [],
};

function hashProxy(proxy: ServiceProxy): Hash {
  return struct("AgentServiceConnectProxyConfig", {
    DestinationServiceName: text(proxy.destinationServiceName),
    DestinationServiceID: text(proxy.destinationServiceId),
    LocalServiceAddress: text(proxy.localServiceAddress),
    LocalServicePort: integer(proxy.localServicePort),
    Config: map(proxy.config ?? {}, json),
    Upstreams: list(proxy.upstreams.map(hashUpstream)),
    MeshGateway: hashMeshGateway(proxy.meshGatewayMode),
    Expose: struct("ExposeConfig", {
      Checks: boolean(proxy.exposeChecks),
      Paths: list(proxy.exposePaths.map(hashPath)),
    }),
  });
}

function hashUpstream(upstream: Upstream): Hash {
  return struct("Upstream", {
    DestinationType: text(upstream.destinationType),
    DestinationNamespace: text(upstream.destinationNamespace),
    DestinationName: text(upstream.destinationName),
    Datacenter: text(upstream.datacenter),
    LocalBindAddress: text(upstream.localBindAddress),
    LocalBindPort: integer(upstream.localBindPort),
    Config: map(upstream.config ?? {}, json),
    MeshGateway: hashMeshGateway(upstream.meshGatewayMode),
  });
}

function hashPath(path: ExposedPath): Hash {
  return struct("ExposePath", {
    ListenerPort: integer(path.listenerPort),
    Path: text(path.path),
    LocalPathPort: integer(path.localPathPort),
    Protocol: text(path.protocol),
    ParsedFromCheck: boolean(path.parsedFromCheck),
  });
}

function hashMeshGateway(mode: string): Hash {
  return struct("MeshGatewayConfig", { Mode: text(mode) });
}

const zero: Hash = { high: 0, low: 0 };
const nil = integer(0);

function text(value: string): Hash {
  return fnv1(Buffer.from(value));
}

function integer(value: number): Hash {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(BigInt(value));
  return fnv1(bytes);
}

/** Hashes a number of a proxy's opaque configuration, which Go decodes as float64. */
function float(value: number): Hash {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return fnv1(bytes);
}

function boolean(value: boolean): Hash {
  return fnv1(Buffer.of(value ? 1 : 0));
}

function list(items: readonly Hash[]): Hash {
  return items.reduce(pair, zero);
}

function map<T>(values: Readonly<Record<string, T>>, hash: (value: T) => Hash): Hash {
  return Object.entries(values).reduce((sum, [key, value]) => xor(sum, pair(text(key), hash(value))), zero);
}

function struct(type: string, fields: Readonly<Record<string, Hash>>): Hash {
  return xor(
    text(type),
    map(fields, (hash) => hash),
  );
}

function json(value: unknown): Hash {
  if (typeof value === "string") return text(value);
  if (typeof value === "number") return float(value);
  if (typeof value === "boolean") return boolean(value);
  if (Array.isArray(value)) return list(value.map(json));
  return typeof value === "object" && value !== null ? map({ ...value }, json) : nil;
}

function pair(first: Hash, second: Hash): Hash {
  const bytes = Buffer.alloc(16);
  for (const [at, word] of [first.low, first.high, second.low, second.high].entries())
    bytes.writeUInt32LE(word, at * 4);
  return fnv1(bytes);
}

function xor(first: Hash, second: Hash): Hash {
  return { high: (first.high ^ second.high) >>> 0, low: (first.low ^ second.low) >>> 0 };
}

/** Returns the 64-bit FNV-1 of the bytes: for each byte, it multiplies by the prime 2^40 + 0x1b3, then xors the byte. */
function fnv1(bytes: Uint8Array): Hash {
  let [high, low] = [0xcbf29ce4, 0x84222325];
  for (const byte of bytes) {
    const product = low * 0x1b3;
    const carry = Math.floor(product / 2 ** 32);
    high = (Math.imul(high, 0x1b3) + (low << 8) + carry) >>> 0;
    low = (product ^ byte) >>> 0;
  }
  return { high, low };
}
