import { formatGoUrl, type GoUrl, hostnameOf, parseGoUrl, portOf, resolveGoUrl } from "../lib/go-url.ts";
import { withoutHeaders, type HeaderLists } from "./http-headers.ts";
import { isAddress } from "./look-up.ts";

/** One request of an HTTP check: the first of a run, or one after a redirect. */
export interface HttpStep {
  readonly url: GoUrl;
  readonly method: string;
  readonly headers: HeaderLists;
  readonly body: string;
}

export const redirectsMax = 10;

const redirectStatuses: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** Returns whether a response is a redirect. Go: 307 and 308 repeat the request, and are redirects only with a Location. */
export function isRedirect(status: number, location: string): boolean {
  if (!redirectStatuses.has(status)) return false;
  return location !== "" || !repeatsRequest(status);
}

/**
 * Returns the request that follows a redirect. Go: 307 and 308 repeat the request, other redirects lead to a GET.
 * @throws GoUrlError if `location` is not a URL
 */
export function redirectStep(step: HttpStep, status: number, location: string): HttpStep {
  const reference = parseGoUrl(location);
  const url = resolveGoUrl(step.url, reference);
  const asksAgain = repeatsRequest(status);
  return {
    url,
    method: asksAgain || step.method === "HEAD" ? step.method : "GET",
    headers: redirectHeaders(step, url, { isAbsolute: reference.scheme !== "" }),
    body: asksAgain ? step.body : "",
  };
}

function repeatsRequest(status: number): boolean {
  return status === 307 || status === 308;
}

function redirectHeaders(step: HttpStep, url: GoUrl, to: { isAbsolute: boolean }): HeaderLists {
  // The Host header of the definition is for the first server: it is dropped unless Location is relative.
  const dropped = to.isAbsolute ? ["host"] : [];
  if (!isWithin(url, step.url)) dropped.push("authorization", "cookie", "cookie2", "www-authenticate");
  const referer = refererOf(step.url, url);
  return { ...withoutHeaders(step.headers, dropped), ...(referer === "" ? {} : { Referer: [referer] }) };
}

/** Returns "host:port" of a URL, with the default port of its scheme. */
function serverOf(url: GoUrl): string {
  return `${hostnameOf(url)}:${portOf(url) || (url.scheme === "https" ? 443 : 80)}`;
}

/** Returns whether the URL's host is that of `parent` or a subdomain of it. An IP address has no subdomains. */
function isWithin(url: GoUrl, parent: GoUrl): boolean {
  const [server, above] = [serverOf(url), serverOf(parent)];
  return server === above || (!isAddress(hostnameOf(url)) && server.endsWith(`.${above}`));
}

function refererOf(from: GoUrl, to: GoUrl): string {
  if (from.scheme === "https" && to.scheme === "http") return "";
  return formatGoUrl({ ...from, user: undefined });
}
