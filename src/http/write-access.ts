import { isInNetworks } from "../lib/ip-address.ts";

/**
 * Returns a function that returns whether a client with an address may write; undefined if every client may write. `networks` is
 * allow_write_http_from, which all APIs obey.
 */
export function writeAccess(networks: readonly string[]): ((clientAddress: string | undefined) => boolean) | undefined {
  if (networks.length === 0) return undefined;
  // A client without an address uses a unix socket, whose owner and mode decide which users may write.
  return (address) => address === undefined || isInNetworks(networks, address);
}
