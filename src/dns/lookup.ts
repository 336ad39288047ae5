import { ipVersion } from "../lib/ip-version.ts";
import { formatIp } from "../lib/ip-address.ts";
import { types } from "./message.ts";
import { nameText, type Name } from "./name.ts";

/** The object that a name below the domain asks for, in lower case. Datacenter "" means this agent's, and tag "" means any. */
export type Lookup =
  | ServiceLookup
  | { readonly kind: "node"; readonly node: string; readonly datacenter: string }
  | { readonly kind: "query"; readonly query: string; readonly datacenter: string }
  | { readonly kind: "address"; readonly address: string }
  /** The name has no form that Consul supports. */
  | { readonly kind: "unknown" };

export interface ServiceLookup {
  readonly kind: "service";
  readonly service: string;
  readonly tag: string;
  readonly datacenter: string;
  /** Whether the name asks for the service's Connect-capable instances: sidecar proxies and Connect-native instances. */
  readonly connect: boolean;
}

const unknown: Lookup = { kind: "unknown" };

/**
 * Parses the labels before the domain. Consul: the last label that names a kind of lookup ("service", "connect", "node", ...)
 * separates the name from the datacenter.
 *
 *     [tag.]web.service[.dc]   _web._tag.service[.dc]   web.connect[.dc]   node1.node[.dc]   best.query[.dc]
 *     0a000001.addr[.dc]
 */
export function readLookup(labels: Name, questionType: number): Lookup {
  for (let at = labels.length - 1; at >= 0; at -= 1) {
    const label = nameText([labels[at] ?? ""]);
    const before = labels.slice(0, at).map((part) => nameText([part]));
    const where = labels.slice(at + 1);
    switch (label) {
      case "service":
        return serviceLookup(before, where);
      case "node":
        return named(before, where, (node, datacenter) => ({ kind: "node", node, datacenter }));
      case "query":
        return named(before, where, (query, datacenter) => ({ kind: "query", query, datacenter }));
      case "addr":
        return addressLookup(before);
      case "connect":
        return connectLookup(before, where);
      // Consul: configuration entries of kind ingress-gateway name an ingress gateway's services; this agent has no such entries.
      case "ingress":
        return unknown;
    }
    // Consul: a question for SRV needs no "service" when the name has an underscore.
    if (questionType === types.SRV && label.startsWith("_")) return serviceLookup([...before, label], where);
  }
  return unknown;
}

function serviceLookup(parts: readonly string[], where: Name): Lookup {
  const [first = "", second = ""] = parts;
  if (parts.length === 2 && first.startsWith("_") && second.startsWith("_")) {
    // RFC 2782: _name._protocol. Consul: the protocol is a tag, except _tcp, which every service matches.
    const tag = second === "_tcp" ? "" : second.slice(1);
    return serviceIn(where, { service: first.slice(1), tag, connect: false });
  }
  const service = parts.at(-1);
  if (service === undefined) return unknown;
  const tag = parts.slice(0, -1).join(".");
  return serviceIn(where, { service, tag, connect: false });
}

/** Parses "web.connect". Consul: labels before the service's name are ignored. */
function connectLookup(parts: readonly string[], where: Name): Lookup {
  const service = parts.at(-1);
  return service === undefined ? unknown : serviceIn(where, { service, tag: "", connect: true });
}

function serviceIn(where: Name, asked: Pick<ServiceLookup, "service" | "tag" | "connect">): Lookup {
  return inDatacenter(where, (datacenter) => ({ kind: "service", ...asked, datacenter }));
}

/** Returns the lookup of a node or prepared query. Joins `parts` with dots, since its name may contain dots. */
function named(parts: readonly string[], where: Name, make: (name: string, datacenter: string) => Lookup): Lookup {
  return parts.length === 0 ? unknown : inDatacenter(where, (datacenter) => make(parts.join("."), datacenter));
}

function inDatacenter(where: Name, make: (datacenter: string) => Lookup): Lookup {
  return where.length > 1 ? unknown : make(nameText(where));
}

function addressLookup(parts: readonly string[]): Lookup {
  const [hex = ""] = parts;
  if (parts.length !== 1 || !/^(?:[0-9a-f]{8}|[0-9a-f]{32})$/.test(hex)) return unknown;
  return { kind: "address", address: formatIp({ family: hex.length === 8 ? 4 : 6, value: BigInt(`0x${hex}`) }) };
}

/**
 * Returns the address of "4.3.2.1.in-addr.arpa" or of 32 nibbles below "ip6.arpa"; undefined for other names. RFC 1035, section
 * 3.5; RFC 3596, section 2.5.
 */
export function readReverse(name: Name): string | undefined {
  const text = nameText(name);
  const [, octets] = /^((?:\d{1,3}\.){4})in-addr\.arpa$/.exec(text) ?? [];
  if (octets !== undefined) {
    const address = octets.slice(0, -1).split(".").toReversed().join(".");
    return ipVersion(address) === 4 ? address : undefined;
  }
  const [, nibbles] = /^((?:[0-9a-f]\.){32})ip6\.arpa$/.exec(text) ?? [];
  if (nibbles === undefined) return undefined;
  const hex = nibbles.slice(0, -1).split(".").toReversed().join("");
  return formatIp({ family: 6, value: BigInt(`0x${hex}`) });
}
