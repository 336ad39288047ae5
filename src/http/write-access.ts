import { isInNetworks } from "../lib/ip-address.ts";

/** Whether who asks from an address may change anything, over whichever API; undefined lets everybody. */
export function writeAccess(networks: readonly string[]): ((clientAddress: string | undefined) => boolean) | undefined {
  if (networks.length === 0) return undefined;
  // Who may use a unix socket, its owner and mode say.
  return (address) => address === undefined || isInNetworks(networks, address);
}
