import { isInNetworks } from "../lib/ip-address.ts";

/** The allow_write_http_from check of a client's address, for all APIs; undefined if every client may write. */
export function writeAccess(networks: readonly string[]): ((clientAddress: string | undefined) => boolean) | undefined {
  if (networks.length === 0) return undefined;
  // A client without an address uses a unix socket, whose owner and mode decide.
  return (address) => address === undefined || isInNetworks(networks, address);
}
