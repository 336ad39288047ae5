import { readFileSync } from "node:fs";
import type { IpNetwork } from "../../lib/ip-address.ts";
import { listLinks } from "../../lib/rtnetlink.ts";

/** Flags of an interface, as in <linux/if.h>. */
export const interfaceFlags = {
  up: 0x1,
  broadcast: 0x2,
  loopback: 0x8,
  pointToPoint: 0x10,
  running: 0x40,
  multicast: 0x1000,
} as const;

/** One address of this machine. */
export interface InterfaceAddress extends IpNetwork {
  /** The interface's name: "eth0". */
  readonly name: string;
  readonly index: number;
  /** Bits of interfaceFlags, and others, which are ignored. */
  readonly flags: number;
  /** Whether the default route leads through the interface of this address. */
  readonly isDefault: boolean;
}

export type Addresses = readonly InterfaceAddress[];

/**
 * Returns the addresses of this machine in the kernel's order, including those of interfaces that are down.
 * @throws Error if the kernel cannot list them
 */
export function machineAddresses(): Addresses {
  const defaultInterface = defaultInterfaceOf(readRoutes());
  return listLinks().flatMap(({ addresses, name, index, flags }) =>
    addresses.map(({ address, prefixLength }) => ({
      ...{ name, index, flags, address, prefixLength },
      isDefault: name === defaultInterface,
    })),
  );
}

/** Returns the text of Linux's IPv4 routing table; "" if the kernel has no IPv4. */
function readRoutes(): string {
  try {
    return readFileSync("/proc/net/route", "utf8");
  } catch {
    return "";
  }
}

const gatewayFlag = 0x2;

/**
 * Returns the interface of the default route in the text of Linux's /proc/net/route; undefined without a default route. Consul:
 * a route without a next hop is ignored, such as "default dev ppp0" of a modem.
 */
export function defaultInterfaceOf(routes: string): string | undefined {
  const lines = routes.split("\n").slice(1);
  const isDefault = ([, destination, , flags, , , , mask]: readonly string[]): boolean =>
    destination === "00000000" && mask === "00000000" && (Number.parseInt(flags ?? "0", 16) & gatewayFlag) !== 0;
  return lines.map((line) => line.split("\t")).find(isDefault)?.[0];
}
