import { isLoopback, parseIp } from "../lib/ip-address.ts";
import type { RuntimeConfig } from "./runtime-config.ts";

type Listening = Pick<
  RuntimeConfig,
  "accessControl" | "httpAddresses" | "httpsAddresses" | "keeperAddresses" | "tls" | "ports"
>;

/** Returns the addresses beyond this machine at which an agent serves everybody, since access control is off. */
export function unguardedAddresses(config: Listening): readonly string[] {
  const { accessControl, httpAddresses, httpsAddresses, keeperAddresses, tls } = config;
  if (accessControl) return [];
  // Each client has then shown a certificate.
  const knowsClients = tls.verify.incoming || tls.verify.incomingHttps;
  const served = [...httpAddresses, ...(knowsClients ? [] : httpsAddresses), ...keeperAddresses];
  return [...new Set(served)].filter((address) => {
    const ip = parseIp(address);
    return ip !== undefined && !isLoopback(ip);
  });
}
