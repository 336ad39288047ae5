import { type InterfaceAddress, interfaceFlags } from "../../src/config/sockaddr/interfaces.ts";
import { parseCidr } from "../../src/lib/ip-address.ts";

/** Returns an interface address from `cidr` ("10.0.0.5/24") on an interface that is up and running, with these overrides. */
export function interfaceAddress(
  name: string,
  cidr: string,
  differences: Partial<InterfaceAddress> = {},
): InterfaceAddress {
  const network = parseCidr(cidr);
  if (network === undefined) throw new Error(`${cidr} is no address with a prefix length`);
  const flags = interfaceFlags.up | interfaceFlags.running | interfaceFlags.broadcast | interfaceFlags.multicast;
  return { name, index: 1, flags, isDefault: false, ...network, ...differences };
}
