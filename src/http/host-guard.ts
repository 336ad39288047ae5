import { isBrowsers } from "./browser.ts";

/*
 * Refuses DNS rebinding. Without access control the agent trusts each client that reaches it, and a browser on its network reaches it. A
 * page on the internet whose host name first leads to the page's server and then to the agent's address is of the agent's origin
 * for that browser, so it could read and write everything. The name in Host gives it away.
 */

/** Returns the text of the refusal; undefined if the request may pass. */
export type HostGuard = (request: Request) => string | undefined;

/**
 * Matches URLs whose host no stranger's DNS server can answer for: IP addresses, names of one part ("edgex-core-consul"), and the
 * domains that the public DNS does not have (RFC 6761, RFC 6762, RFC 8375, and ICANN's "internal"). Nearly all requests match.
 */
const unforgeable =
  /^https?:\/\/(?:\d{1,3}(?:\.\d{1,3}){3}|\[[^\]/]*\]|[^.:/[\]]+|[^:/]+\.(?:localhost|local|internal|home\.arpa))(?::\d+)?(?:\/|$)/i;

/**
 * Returns a guard that lets browsers pass only with a Host that is an IP address, an unforgeable name or one of `names`. Requests of
 * other programs pass with any Host.
 * @param names host names without ports, in any letter case
 */
export function hostGuard(names: readonly string[]): HostGuard {
  const allowed = new Set(names.map((name) => name.toLowerCase()));
  /** The scheme and authority of the last request with a trusted name, with a slash at its end: most requests repeat it. */
  let trusted: string | undefined;
  return (request) => {
    const { url } = request;
    if (trusted !== undefined && url.startsWith(trusted)) return undefined;
    const host = hostOf(url);
    if (unforgeable.test(url) || allowed.has(host)) {
      const end = url.indexOf("/", url.indexOf("://") + 3);
      if (end > 0) trusted = url.slice(0, end + 1);
      return undefined;
    }
    if (!isBrowsers(request)) return undefined;
    return (
      `The agent has no access control, and does not answer browsers under the name ${JSON.stringify(host)}, since a stranger's ` +
      "page could use it by DNS rebinding: open the agent by its IP address, or add the name to http_config.allowed_hosts"
    );
  };
}

/** Returns the host name of a URL in lower case; "" for a request without a valid Host. */
function hostOf(url: string): string {
  const [, host = ""] = /^https?:\/\/([^:/]*)/i.exec(url) ?? [];
  return host.toLowerCase();
}
