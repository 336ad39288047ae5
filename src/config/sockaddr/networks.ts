import { goQuote } from "../../lib/go-quote.ts";
import { bits, contains, type IpAddress, type IpNetwork, parseCidr } from "../../lib/ip-address.ts";

/**
 * Returns whether `network` contains the whole network of the second argument. Consul: an address is in a private network, or in
 * a network of an RFC, only if that network contains the whole network of the address.
 */
export function containsNetwork(network: IpNetwork, { address, prefixLength }: IpNetwork): boolean {
  return network.prefixLength <= prefixLength && contains(network, address);
}

/** Returns the netmask as a number. */
export function maskOf({ address, prefixLength }: IpNetwork): bigint {
  const all = (1n << BigInt(bits(address))) - 1n;
  return all ^ (all >> BigInt(prefixLength));
}

export function firstOf(network: IpNetwork): IpAddress {
  const { family, value } = network.address;
  return { family, value: value & maskOf(network) };
}

export function lastOf(network: IpNetwork): IpAddress {
  const { family, value } = network.address;
  return { family, value: value | ((1n << BigInt(bits(network.address))) - 1n - maskOf(network)) };
}

function networks(text: string): readonly IpNetwork[] {
  return text.split(" ").flatMap((cidr) => parseCidr(cidr) ?? []);
}

/** Networks whose packets routers do not forward, as go-sockaddr lists them. */
const unforwarded = networks(
  "0.0.0.0/8 127.0.0.0/8 169.254.0.0/16 192.0.0.0/24 192.0.2.0/24 198.51.100.0/24 203.0.113.0/24 240.0.0.0/4 " +
    "::1/128 ::/128 ::ffff:0:0/96 2001:10::/28 2001:db8::/32 fe80::/10",
);

/** The networks of each RFC, as go-sockaddr 1.0.2 lists them. */
const networksByRfc: ReadonlyMap<number, readonly IpNetwork[]> = new Map(
  Object.entries({
    919: "255.255.255.255/32",
    1112: "224.0.0.0/4",
    1122: "0.0.0.0/8 127.0.0.0/8",
    1918: "10.0.0.0/8 172.16.0.0/12 192.168.0.0/16",
    2544: "198.18.0.0/15",
    2765: "::ffff:0:0/96",
    2928: "2001::/16",
    3056: "2002::/16",
    3068: "192.88.99.0/24 2002:c058:6301::/120",
    3171: "224.0.0.0/4",
    3330:
      "0.0.0.0/8 10.0.0.0/8 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.2.0/24 192.88.99.0/24 192.168.0.0/16 " +
      "198.18.0.0/15 224.0.0.0/4 240.0.0.0/4",
    3849: "2001:db8::/32",
    3927: "169.254.0.0/16",
    4038: "::ffff:0:0/96",
    4193: "fc00::/7",
    4291: "::/128 ::1/128 ::/96 ::ffff:0:0/96 fe80::/10 fec0::/10 ff00::/8",
    4380: "2001::/32",
    4773: "2001::/23",
    4843: "2001:10::/28",
    5180: "2001:200::/48",
    5735: "192.0.2.0/24 198.51.100.0/24 203.0.113.0/24 198.18.0.0/15",
    5737: "192.0.2.0/24 198.51.100.0/24 203.0.113.0/24",
    6052: "64:ff9b::/96",
    6333: "192.0.0.0/29",
    6598: "100.64.0.0/10",
    6666: "100::/64",
    6890:
      "0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24 " +
      "192.88.99.0/24 192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 240.0.0.0/4 ::1/128 ::/128 " +
      "64:ff9b::/96 ::ffff:0:0/96 100::/64 2001::/16 2002::/16 fc00::/7 fe80::/10",
    7335: "192.0.0.0/29",
  }).map(([rfc, text]) => [Number(rfc), networks(text)]),
);

/**
 * Returns a test whether an address belongs to a network of this RFC.
 * @throws Error for an RFC that go-sockaddr does not know
 */
export function inRfc(rfc: string): (item: IpNetwork) => boolean {
  const known = /^\d+$/.test(rfc) ? networksByRfc.get(Number(rfc)) : undefined;
  if (known === undefined) throw new Error(`unsupported RFC ${goQuote(rfc)}`);
  return (item) => known.some((network) => containsNetwork(network, item));
}

/** Returns whether the address is in a network of RFC 6890, so that it is not globally routable. */
export const isPrivate: (item: IpNetwork) => boolean = inRfc("6890");

export function isForwardable(item: IpNetwork): boolean {
  return !unforwarded.some((network) => containsNetwork(network, item));
}
