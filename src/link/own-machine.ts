import { formatIp, isLoopback, parseIp, unmapped } from "../lib/ip-address.ts";
import { localAddresses } from "../lib/rtnetlink.ts";

/**
 * Returns why a server without a cluster key refuses a connection from this address, which goes to both logs; undefined if it
 * accepts it, because it comes from its own machine.
 */
export function refusalWithoutKey(from: string): string | undefined {
  return isOwnAddress(from) ? undefined : needsKey;
}

const needsKey =
  "without an -encrypt key the server accepts agents of its own machine only. " +
  "Make a key with `praetor keygen`, and start all servers and client agents with it";

function isOwnAddress(text: string): boolean {
  const ip = parseIp(text);
  if (!ip) return false;
  const address = unmapped(ip);
  return isLoopback(address) || localAddresses().includes(formatIp(address));
}
