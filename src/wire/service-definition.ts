import { OperatingError } from "../lib/errors.ts";
import type { CheckDefinition } from "../model/check.ts";
import type { ServiceProxy } from "../model/service-proxy.ts";
import type { Service, ServiceDefinition } from "../model/service.ts";
import { sidecarId } from "../model/sidecar.ts";
import {
  type CheckDecodeOptions,
  decodeInitialStatus,
  defineCheck,
  encodeCheckDefinition,
  validateCheckMethod,
} from "./check-definition.ts";
import { type CheckFields, decodeCheckFields, isEmptyCheck } from "./check-fields.ts";
import { goMap } from "./go-json.ts";
import { type FieldNames, fieldNames, JsonFields } from "./json-fields.ts";
import { metadataFault } from "./metadata.ts";
import { decodeTaggedAddresses, isAnyAddress, withFamilyAddresses } from "./service-address.ts";
import { meshFault } from "./service-faults.ts";
import { decodeMeshParts, emptyProxy, encodeAgentProxy, type GivenSidecar } from "./service-proxy.ts";
import { decodeWeights, weightsFault } from "./service-weights.ts";

/**
 * Decodes the body of agent/service/register, or `service` of a configuration file, and fills in the defaults.
 * @throws OperatingError invalid, code "decode" (malformed) or "validation" (well-formed but not allowed); for the API
 * the message is the text of the HTTP response
 */
export function decodeServiceDefinition(json: unknown, options: CheckDecodeOptions): ServiceDefinition {
  const { source } = options;
  const where = source === "api" ? "" : "service";
  const fields = new JsonFields(json, { names: namesOf(options), source, where });
  const { sidecar: given, ...mesh } = decodeMeshParts(fields, source);
  const service = { ...decodeService(fields, options), ...withDefaults(mesh) };
  const checks = decodeChecks(fields, options);
  validateService(service, { ...options, sidecar: given });
  for (const check of checks) validateCheckMethod(check);
  const sidecar = given && decodeSidecar(given.json, service, options);
  // Consul: accepts the token of a body, and uses that of the request.
  const token = source === "file" ? fields.string("Token") : "";
  const named = nameChecks(service, checks, options);
  return { service, checks: named, ...(sidecar && { sidecar }), ...(token !== "" && { token }) };
}

/**
 * Decodes a sidecar, which has the fields of a service; absent fields are derived from the service to which the sidecar belongs.
 */
function decodeSidecar(json: unknown, parent: Service, options: CheckDecodeOptions): ServiceDefinition["sidecar"] {
  const { source } = options;
  const where = source === "api" ? "" : "service.connect.sidecar_service";
  const fields = new JsonFields(json, { names: namesOf(options), source, where });
  const { sidecar: _, ...mesh } = decodeMeshParts(fields, source);
  const inherited = { id: sidecarId(parent.id), name: `${parent.name}-sidecar-proxy`, address: parent.address };
  const own = decodeService(fields, options, inherited);
  const service = {
    ...{ ...own, kind: own.kind || "connect-proxy", port: Math.max(own.port, 0) },
    tags: own.tags.length > 0 ? own.tags : parent.tags,
    meta: Object.keys(own.meta ?? {}).length > 0 ? own.meta : parent.meta,
    ...withDefaults({ ...mesh, proxy: proxyOf(parent, mesh.proxy) }),
  };
  const checks = decodeChecks(fields, options);
  requireUsable(service);
  for (const check of checks) validateCheckMethod(check);
  return { service, checks: nameChecks(service, checks, options) };
}

function proxyOf(parent: Service, given: ServiceProxy = emptyProxy): ServiceProxy {
  return {
    ...given,
    destinationServiceName: given.destinationServiceName || parent.name,
    destinationServiceId: given.destinationServiceId || parent.id,
    localServiceAddress: given.localServiceAddress || "127.0.0.1",
    localServicePort: given.localServicePort > 0 ? given.localServicePort : parent.port,
  };
}

/** Encodes the service as the body of agent/service/register, without the fields that have their default. */
export function encodeServiceDefinition({ service, checks }: ServiceDefinition, outputBytesMax?: number): object {
  const { weights } = service;
  const fields = {
    ...{ Kind: service.kind, ID: service.id, Name: service.name, Address: service.address, Port: service.port },
    Tags: service.tags,
    TaggedAddresses: ownAddresses(service),
    Meta: goMap(service.meta ?? {}),
    Weights:
      weights.passing !== 1 || weights.warning !== 1 ? { Passing: weights.passing, Warning: weights.warning } : "",
    EnableTagOverride: service.enableTagOverride,
    Connect: service.connectNative && { Native: true },
    Proxy: service.proxy && encodeAgentProxy(service.proxy),
    Checks: checks.map((check) => encodeCheckInService(check, outputBytesMax)),
  };
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => !isEmpty(value)));
}

function isEmpty(value: unknown): boolean {
  return typeof value === "object" && value !== null ? Object.keys(value).length === 0 : !value;
}

/** Returns the tagged addresses that the client sent, without those that withFamilyAddresses added. */
function ownAddresses({ address, port, taggedAddresses }: Service): object {
  const derived = Object.keys(withFamilyAddresses(null, { address, port }) ?? {});
  const own = Object.entries(taggedAddresses ?? {}).filter(
    ([tag, at]) => !derived.includes(tag) || at.address !== address || at.port !== port,
  );
  return goMap(Object.fromEntries(own.map(([tag, at]) => [tag, { Address: at.address, Port: at.port }])));
}

function encodeCheckInService(check: CheckDefinition, outputBytesMax: number | undefined): object {
  return { CheckID: check.id, ...encodeCheckDefinition({ ...check, id: "", serviceId: "" }, outputBytesMax) };
}

const commonNames = [
  "Kind",
  "ID",
  "Name",
  "Tags",
  "Address",
  "Meta",
  "Port",
  "Check",
  "Checks",
  "Weights",
  "Token",
  "Proxy",
  "Connect",
];
/** Every field that the API accepts in a service, in the spelling of Consul's documentation. */
export const apiServiceNames: readonly string[] = [...commonNames, "TaggedAddresses", "EnableTagOverride"];
const apiNames = fieldNames(apiServiceNames, {
  tagged_addresses: "TaggedAddresses",
  enable_tag_override: "EnableTagOverride",
});
const fileNames = fieldNames(commonNames, {
  tagged_addresses: "TaggedAddresses",
  enable_tag_override: "EnableTagOverride",
});

function namesOf({ source }: CheckDecodeOptions): FieldNames {
  return source === "api" ? apiNames : fileNames;
}

/** Decodes the fields of a service, without its checks. @param inherited the values of these fields when they are absent */
function decodeService(
  fields: JsonFields,
  { source }: CheckDecodeOptions,
  inherited: Pick<Service, "id" | "name" | "address"> = { id: "", name: "", address: "" },
): Service {
  const name = fields.string("Name") || inherited.name;
  const address = fields.string("Address") || inherited.address;
  const port = fields.int("Port");
  fields.string("Token");
  return {
    id: fields.string("ID") || inherited.id || name,
    name,
    kind: fields.string("Kind", "structs.ServiceKind"),
    tags: fields.stringList("Tags"),
    address,
    taggedAddresses: withFamilyAddresses(decodeTaggedAddresses(fields, source), { address, port }),
    port,
    meta: fields.stringMap("Meta"),
    weights: decodeWeights(fields.raw("Weights"), source),
    enableTagOverride: fields.bool("EnableTagOverride"),
  };
}

/**
 * Decodes a service's checks. Consul: `Check` precedes `Checks` in the API and follows it in files; the checks' ids are numbered
 * in that order.
 */
function decodeChecks(fields: JsonFields, { source }: CheckDecodeOptions): CheckFields[] {
  const decode = (json: unknown): CheckFields => decodeCheckFields(json, source, "in-service");
  const many = fields.list("Checks", "structs.CheckTypes").map(decode);
  if (!fields.has("Check")) return many;
  const one = decode(fields.raw("Check"));
  if (source === "file") return [...many, one];
  return isEmptyCheck(one) ? many : [one, ...many];
}

function validateService(
  service: Service,
  { source, sidecar }: CheckDecodeOptions & { readonly sidecar: GivenSidecar | undefined },
): void {
  if (service.name === "") throw invalid("Missing service name");
  // Consul: a service in a file may have the address 0.0.0.0.
  if (source === "api" && isAnyAddress(service.address)) throw invalid("Invalid service address");
  requireUsable(service);
  const mesh = meshFault(service, sidecar);
  if (mesh !== undefined) throw invalid(mesh);
}

function requireUsable({ weights, meta }: Service): void {
  const weightFault = weightsFault(weights);
  if (weightFault !== undefined) throw invalid(`Invalid Weights: ${weightFault}`);
  const fault = metadataFault(meta);
  if (fault !== undefined) throw invalid(`Invalid Service Meta: ${fault}`);
}

/**
 * Sets the default destination type of the proxy's upstreams. Consul: only the agent does so; the catalog leaves the type empty.
 */
function withDefaults({
  proxy,
  ...others
}: Pick<Service, "connectNative" | "proxy">): typeof others & { proxy?: ServiceProxy } {
  if (!proxy) return others;
  const upstreams = proxy.upstreams.map((each) => ({ ...each, destinationType: each.destinationType || "service" }));
  return { ...others, proxy: { ...proxy, upstreams } };
}

function nameChecks(service: Service, checks: readonly CheckFields[], options: CheckDecodeOptions): CheckDefinition[] {
  return checks.map((check, at) => {
    const ownId = checks.length === 1 ? `service:${service.id}` : `service:${service.id}:${at + 1}`;
    const identity = {
      id: check.id || ownId,
      name: check.name || `Service '${service.name}' check`,
      serviceId: service.id,
      initialStatus: decodeInitialStatus(
        check.status,
        "Status for checks must 'passing', 'warning', 'critical'",
        options,
      ),
    };
    return defineCheck(check, identity, options);
  });
}

function invalid(message: string): OperatingError {
  return new OperatingError("invalid", "validation", message);
}
