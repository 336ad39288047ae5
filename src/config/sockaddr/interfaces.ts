import type { NetworkInterfaceInfo } from "node:os";
import { contains, type IpAddress, parseCidr, parseIp } from "../../lib/ip-address.ts";

/** One address of this machine. */
export interface InterfaceAddress {
  /** The interface: "eth0". */
  readonly name: string;
  readonly address: IpAddress;
  readonly prefixLength: number;
  readonly loopback: boolean;
  /** On the interface of the default route. */
  readonly isDefault: boolean;
}

/** What os.networkInterfaces() answers. */
export type NetworkInterfaces = Readonly<Record<string, readonly NetworkInterfaceInfo[] | undefined>>;

export function interfaceAddresses(
  interfaces: NetworkInterfaces,
  defaultInterface: string | undefined,
): readonly InterfaceAddress[] {
  return Object.entries(interfaces).flatMap(([name, infos]) =>
    (infos ?? []).flatMap((info) => {
      const address = parseIp(info.address);
      if (address === undefined) return [];
      const prefixLength = parseCidr(info.cidr ?? "")?.prefixLength ?? (address.family === 4 ? 32 : 128);
      return [{ name, address, prefixLength, loopback: info.internal, isDefault: name === defaultInterface }];
    }),
  );
}

/** The interface of the default route in the text of Linux's /proc/net/route. */
export function defaultInterfaceOf(routes: string): string | undefined {
  const lines = routes.split("\n").slice(1);
  return lines.map((line) => line.split("\t")).find(([, destination]) => destination === "00000000")?.[0];
}

/** RFC 6890's registry: addresses that the internet at large does not know. */
const specialNetworks = networks(
  "0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24 " +
    "192.88.99.0/24 192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 240.0.0.0/4 " +
    "::1/128 ::/128 64:ff9b::/96 ::ffff:0:0/96 100::/64 2001::/23 2001:db8::/32 2002::/16 fc00::/7 fe80::/10",
);

/** Of those, the ones that no router passes on. */
const unforwardedNetworks = networks(
  "0.0.0.0/8 127.0.0.0/8 169.254.0.0/16 192.0.0.0/29 192.0.2.0/24 198.51.100.0/24 203.0.113.0/24 240.0.0.0/4 " +
    "::1/128 ::/128 ::ffff:0:0/96 2001:10::/28 2001:db8::/32 fe80::/10",
);

const networksByRfc: ReadonlyMap<string, readonly string[]> = new Map([
  ["1918", ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"]],
  ["3927", ["169.254.0.0/16"]],
  ["4193", ["fc00::/7"]],
  ["4291", ["::/128", "::1/128", "fe80::/10", "ff00::/8"]],
  ["5735", ["0.0.0.0/8", "10.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16"]],
  ["6598", ["100.64.0.0/10"]],
]);

function networks(text: string): readonly { address: IpAddress; prefixLength: number }[] {
  return text.split(" ").flatMap((cidr) => parseCidr(cidr) ?? []);
}

export function isPrivate(address: IpAddress): boolean {
  return specialNetworks.some((network) => contains(network, address));
}

export function isForwardable(address: IpAddress): boolean {
  return !unforwardedNetworks.some((network) => contains(network, address));
}

/** undefined for an RFC that is not known here. */
export function isInRfc(address: IpAddress, rfc: string): boolean | undefined {
  if (rfc === "6890") return isPrivate(address);
  const cidrs = networksByRfc.get(rfc);
  return cidrs === undefined ? undefined : networks(cidrs.join(" ")).some((network) => contains(network, address));
}
