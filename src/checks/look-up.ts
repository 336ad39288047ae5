import { ipVersion } from "../lib/ip-version.ts";

/**
 * Every address of a name, in the order in which they are tried. "" and "localhost" always mean both loopback
 * addresses, also where /etc/hosts lists one only: a service that listens on the other is found all the same.
 * @throws Error of getaddrinfo, for go-error-text.ts
 */
export async function lookUp(host: string): Promise<readonly string[]> {
  if (host === "" || host.toLowerCase() === "localhost") return ["127.0.0.1", "::1"];
  if (isAddress(host)) return [host];
  const found = await Bun.dns.lookup(host);
  if (found.length === 0) throw Object.assign(new Error("no address"), { code: "ENODATA", syscall: "getaddrinfo" });
  return found.map(({ address }) => address);
}

/** Also one with a zone, "fe80::1%eth0": no name has a colon. */
export function isAddress(host: string): boolean {
  return host.includes(":") || ipVersion(host) !== 0;
}
