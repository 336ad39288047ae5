import { formatGoUrl, type GoUrl, hostnameOf, parseGoUrl, portOf, resolveGoUrl } from "../lib/go-url.ts";
import { withoutHeaders, type HeaderLists } from "./http-headers.ts";
import { isAddress } from "./look-up.ts";

/** What a request of a check is made from, the first or one that an answer redirected to. */
export interface HttpStep {
  readonly url: GoUrl;
  readonly method: string;
  readonly headers: HeaderLists;
  readonly body: string;
}

export const redirectsMax = 10;

const redirectStatuses: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** Consul follows redirects as Go does: 307 and 308 repeat the request if they say where, the others ask with GET. */
export function isRedirect(status: number, location: string): boolean {
  if (!redirectStatuses.has(status)) return false;
  return location !== "" || !repeatsRequest(status);
}

/**
 * The request that `location` leads to.
 * @throws GoUrlError
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
  // A host header was meant for the first server, unless the redirect stays there by naming a path only.
  const dropped = to.isAbsolute ? ["host"] : [];
  if (!isWithin(url, step.url)) dropped.push("authorization", "cookie", "cookie2", "www-authenticate");
  const referer = refererOf(step.url, url);
  return { ...withoutHeaders(step.headers, dropped), ...(referer === "" ? {} : { Referer: [referer] }) };
}

/** What is asked, with its port. */
function serverOf(url: GoUrl): string {
  return `${hostnameOf(url)}:${portOf(url) || (url.scheme === "https" ? 443 : 80)}`;
}

/** Whether it is the same server, or one whose name lies below; an address, whose zone may be any text, lies below none. */
function isWithin(url: GoUrl, parent: GoUrl): boolean {
  const [server, above] = [serverOf(url), serverOf(parent)];
  return server === above || (!isAddress(hostnameOf(url)) && server.endsWith(`.${above}`));
}

function refererOf(from: GoUrl, to: GoUrl): string {
  if (from.scheme === "https" && to.scheme === "http") return "";
  return formatGoUrl({ ...from, user: undefined });
}
