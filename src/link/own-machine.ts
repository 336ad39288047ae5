import { formatIp, isLoopback, parseIp, unmapped } from "../lib/ip-address.ts";
import { localAddresses } from "../lib/rtnetlink.ts";
import type { Purpose } from "./greeting.ts";
import { isAuthenticating, type PortSecurity } from "./link-tls.ts";

/**
 * Returns why a server refuses a connection for this purpose from an agent at this address, which goes to both logs; undefined if
 * it does not.
 */
export function refusalAt(security: PortSecurity | undefined, from: string, { carries }: Purpose): string | undefined {
  if (carries !== "certificate") return isAuthenticating(security) ? undefined : refusalWithoutKey(from);
  if (!security?.signing) return "this server signs no certificates: set auto_encrypt.allow_tls on all servers";
  return security.key || security.signing.isGuarded ? undefined : refusalWithoutKey(from);
}

/**
 * Returns why a server without a cluster key refuses a connection from this address, which goes to both logs; undefined if it
 * accepts it, because it comes from its own machine.
 */
function refusalWithoutKey(from: string): string | undefined {
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
