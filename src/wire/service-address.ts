import { ipVersion } from "../lib/ip-version.ts";
import type { Service, ServiceAddress } from "../model/service.ts";
import { bareRecord } from "./bare-record.ts";
import { fieldNames, JsonFields, type WireSource } from "./json-fields.ts";

const names = fieldNames(["Address", "Port"]);

/** Decodes a service's tagged addresses. @throws OperatingError invalid, code "decode" */
export function decodeTaggedAddresses(fields: JsonFields, source: WireSource): Service["taggedAddresses"] {
  const entries = fields.entries("TaggedAddresses", "map[string]structs.ServiceAddress");
  return entries ? bareRecord(entries.map(([tag, json]) => [tag, decodeServiceAddress(fields, json, source)])) : null;
}

function decodeServiceAddress(parent: JsonFields, json: unknown, source: WireSource): ServiceAddress {
  if (typeof json !== "object") throw parent.mismatch("TaggedAddresses", json, "structs.ServiceAddress");
  const where = source === "file" ? "service.tagged_addresses" : "ServiceAddress";
  const fields = new JsonFields(json, { names, source, where });
  return { address: fields.string("Address"), port: fields.int("Port") };
}

/**
 * Adds lan_ipv4 and wan_ipv4, or lan_ipv6 and wan_ipv6, to the tagged addresses of a service whose address is an IP, unless
 * the client sent them. Consul: the agent does so, the catalog does not (consul-answers.test.ts).
 */
export function withFamilyAddresses(
  tagged: Service["taggedAddresses"],
  at: ServiceAddress,
): Service["taggedAddresses"] {
  const family = addressFamily(at.address);
  if (family === undefined) return tagged;
  return bareRecord([[`lan_${family}`, at], [`wan_${family}`, at], ...Object.entries(tagged ?? {})]);
}

function addressFamily(address: string): "ipv4" | "ipv6" | undefined {
  if (ipVersion(address) === 4 || /^::ffff:\d+\.\d+\.\d+\.\d+$/i.test(address)) return "ipv4";
  return ipVersion(address) === 6 ? "ipv6" : undefined;
}

/** Returns whether the address, such as 0.0.0.0, means all addresses of a machine, so that no client can connect to it. */
export function isAnyAddress(address: string): boolean {
  return ["0.0.0.0", "::", "[::]"].includes(address);
}
