import { OperatingError } from "../lib/errors.ts";
import type { CheckDefinition } from "../model/check.ts";
import type { Service, ServiceDefinition } from "../model/service.ts";
import { type CheckDecodeOptions, decodeStatus, defineCheck, validateCheckMethod } from "./check-definition.ts";
import { type CheckFields, decodeCheckFields, isEmptyCheck } from "./check-fields.ts";
import { fieldNames, JsonFields } from "./json-fields.ts";
import { metadataFault } from "./metadata.ts";
import { decodeTaggedAddresses, isAnyAddress, withFamilyAddresses } from "./service-address.ts";
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
  const service = decodeService(fields, options);
  const checks = decodeChecks(fields, options);
  validateService(service, options);
  for (const check of checks) validateCheckMethod(check);
  return { service, checks: nameChecks(service, checks, options) };
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
const apiNames = fieldNames([...commonNames, "TaggedAddresses", "EnableTagOverride"], {
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

function validateService(service: Service, { source }: CheckDecodeOptions): void {
  if (service.name === "") throw invalid("Missing service name");
  // Consul: a file's service may have 0.0.0.0.
  if (source === "api" && isAnyAddress(service.address)) throw invalid("Invalid service address");
  const weights = weightsFault(service.weights);
  if (weights !== undefined) throw invalid(`Invalid Weights: ${weights}`);
  const meta = metadataFault(service.meta);
  if (meta !== undefined) throw invalid(`Invalid Service Meta: ${meta}`);
  const port = portFault(service);
  if (port !== undefined) throw invalid(`1 error occurred:\n\t* ${port}\n\n`);
}

/** The kinds of proxy have no function here, but what is certainly wrong is refused as Consul refuses it. */
export function portFault({ kind, port }: Pick<Service, "kind" | "port">): string | undefined {
  if (port !== 0) return undefined;
  if (kind === "connect-proxy") return "Port must be set for a Connect proxy";
  return /^(mesh|terminating)-gateway$/.test(kind) ? `Port must be non-zero for a ${kind}` : undefined;
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
