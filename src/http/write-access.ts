import { isInNetworks } from "../lib/ip-address.ts";

/** Returns the check of a client's address by allow_write_http_from, which all APIs use; undefined if every client may write. */
export function writeAccess(networks: readonly string[]): ((clientAddress: string | undefined) => boolean) | undefined {
  if (networks.length === 0) return undefined;
  // A client without an address uses a unix socket, whose owner and mode decide which users may write.
  return (address) => address === undefined || isInNetworks(networks, address);
}
