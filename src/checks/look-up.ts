import { ipVersion } from "../lib/ip-version.ts";

/**
 * Returns the addresses of a name in the order to try them. "" and "localhost" always mean both loopback addresses, even
 * if /etc/hosts lists only one, so that a check reaches a service that listens on either.
 * @throws Error of getaddrinfo, which go-error-text.ts turns into a text
 */
export async function lookUp(host: string): Promise<readonly string[]> {
  if (host === "" || host.toLowerCase() === "localhost") return ["127.0.0.1", "::1"];
  if (isAddress(host)) return [host];
  const found = await Bun.dns.lookup(host);
  if (found.length === 0) throw Object.assign(new Error("no address"), { code: "ENODATA", syscall: "getaddrinfo" });
  return found.map(({ address }) => address);
}

/** Returns whether the host is an IP address, with or without a zone ("fe80::1%eth0"). No host name has a colon. */
export function isAddress(host: string): boolean {
  return host.includes(":") || ipVersion(host) !== 0;
}
