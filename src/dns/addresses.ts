import { formatIp } from "../lib/ip-address.ts";
import { ipVersion } from "../lib/ip-version.ts";
import type { NodeRow } from "../model/node.ts";
import type { ServiceRow } from "../model/service.ts";
import { types, type ClientSubnet, type RecordContent } from "./message.ts";

/** Returns the node's address for a question of this type: an IP address or a host name. */
export function nodeAddress({ address, taggedAddresses }: NodeRow, questionType: number): string {
  const v4 = taggedAddresses?.["lan_ipv4"] ?? "";
  return addressOfType(questionType, { address, v4, v6: taggedAddresses?.["lan_ipv6"] ?? "" });
}

/** Returns the service's own address for a question of this type; "" if the service has only its node's address. */
export function serviceAddress({ address, taggedAddresses }: ServiceRow, questionType: number): string {
  const v4 = taggedAddresses?.["lan_ipv4"]?.address ?? "";
  return addressOfType(questionType, { address, v4, v6: taggedAddresses?.["lan_ipv6"]?.address ?? "" });
}

interface Addresses {
  readonly address: string;
  readonly v4: string;
  readonly v6: string;
}

/**
 * Returns the address tagged with the question's family, else the untagged one. Consul: IPv6 comes first if the question is
 * neither A nor AAAA.
 */
function addressOfType(questionType: number, { address, v4, v6 }: Addresses): string {
  switch (questionType) {
    case types.A:
      return v4 || address;
    case types.AAAA:
      return v6 || address;
    default:
      return v6 || v4 || address;
  }
}

/** Returns the A or AAAA record for an IP address; undefined if such a record does not answer a question of this type. */
export function addressData(address: string, questionType: number): RecordContent | undefined {
  const [own, other] = ipVersion(address) === 4 ? (["A", "AAAA"] as const) : (["AAAA", "A"] as const);
  return questionType === types[other] || !asksForAddresses(questionType) ? undefined : { type: own, address };
}

const addressTypes: ReadonlySet<number> = new Set([types.A, types.AAAA, types.SRV, types.ANY, types.NS, types.TXT]);

function asksForAddresses(questionType: number): boolean {
  return addressTypes.has(questionType);
}

/** Returns the lowest address of the client's subnet, as text. */
export function subnetAddress({ family, address }: ClientSubnet): string {
  const octets = Array.from({ length: family === 1 ? 4 : 16 }, (_, at) => BigInt(address[at] ?? 0));
  return formatIp({ family: family === 1 ? 4 : 6, value: octets.reduce((value, octet) => (value << 8n) | octet, 0n) });
}
