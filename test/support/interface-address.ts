import { type InterfaceAddress, interfaceFlags } from "../../src/config/sockaddr/interfaces.ts";
import { parseCidr } from "../../src/lib/ip-address.ts";

/** Returns the address `cidr` ("10.0.0.5/24") of an interface that is up and running; `differences` replace its fields. */
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
