import { OperatingError } from "../lib/errors.ts";
import type { CheckDefinition } from "../model/check.ts";
import type { ServiceProxy } from "../model/service-proxy.ts";
import type { Service, ServiceDefinition } from "../model/service.ts";
import {
  type CheckDecodeOptions,
  decodeStatus,
  defineCheck,
  encodeCheckDefinition,
  validateCheckMethod,
} from "./check-definition.ts";
import { type CheckFields, decodeCheckFields, isEmptyCheck } from "./check-fields.ts";
import { goMap } from "./go-json.ts";
import { fieldNames, JsonFields } from "./json-fields.ts";
import { metadataFault } from "./metadata.ts";
import { decodeTaggedAddresses, isAnyAddress, withFamilyAddresses } from "./service-address.ts";
import { meshFault } from "./service-faults.ts";
import { decodeMeshParts, encodeAgentProxy } from "./service-proxy.ts";
import { decodeWeights, weightsFault } from "./service-weights.ts";

/**
 * A service as agent/service/register or a configuration file's `service` gives it, with defaults filled in.
 * @throws OperatingError invalid, code "decode" (not understood) or "validation" (understood, but not allowed); for the API
 * the message is the HTTP answer's text
 */
export function decodeServiceDefinition(json: unknown, options: CheckDecodeOptions): ServiceDefinition {
  const isApi = options.source === "api";
  const names = isApi ? apiNames : fileNames;
  const fields = new JsonFields(json, { names, source: options.source, where: isApi ? "" : "service" });
  const { hasSidecar, ...mesh } = decodeMeshParts(fields, options.source);
  const service = { ...decodeService(fields, options), ...withDefaults(mesh) };
  const checks = decodeChecks(fields, options);
  validateService(service, { ...options, hasSidecar });
  for (const check of checks) validateCheckMethod(check);
  return { service, checks: nameChecks(service, checks, options) };
}

/** The service as decodeServiceDefinition reads it from the API, without what it would fill in itself. */
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

/** Those that do not come of the service's address. */
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
/** Every field of a service that the API takes, in the spelling of the documentation. */
export const apiServiceNames: readonly string[] = [...commonNames, "TaggedAddresses", "EnableTagOverride"];
const apiNames = fieldNames(apiServiceNames, {
  tagged_addresses: "TaggedAddresses",
  enable_tag_override: "EnableTagOverride",
});
const fileNames = fieldNames(commonNames, {
  tagged_addresses: "TaggedAddresses",
  enable_tag_override: "EnableTagOverride",
});

function decodeService(fields: JsonFields, { source }: CheckDecodeOptions): Service {
  const name = fields.string("Name");
  const address = fields.string("Address");
  const port = fields.int("Port");
  fields.string("Token");
  return {
    id: fields.string("ID") || name,
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

/** Consul: the API puts `Check` before `Checks`, files put it after; that decides their numbers. */
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
  { source, hasSidecar }: CheckDecodeOptions & { readonly hasSidecar: boolean },
): void {
  if (service.name === "") throw invalid("Missing service name");
  // Consul: a file's service may have 0.0.0.0.
  if (source === "api" && isAnyAddress(service.address)) throw invalid("Invalid service address");
  const weights = weightsFault(service.weights);
  if (weights !== undefined) throw invalid(`Invalid Weights: ${weights}`);
  const meta = metadataFault(service.meta);
  if (meta !== undefined) throw invalid(`Invalid Service Meta: ${meta}`);
  const mesh = meshFault(service, hasSidecar);
  if (mesh !== undefined) throw invalid(mesh);
}

/** Consul: an agent says what an upstream is, where the catalog leaves it open. */
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
      initialStatus: decodeStatus(check.status, "Status for checks must 'passing', 'warning', 'critical'"),
    };
    return defineCheck(check, identity, options);
  });
}

function invalid(message: string): OperatingError {
  return new OperatingError("invalid", "validation", message);
}
