import { withoutHeaders, type HeaderLists } from "./http-headers.ts";

/** What a request of a check is made from, the first or one that an answer redirected to. */
export interface HttpStep {
  readonly url: URL;
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

/** The request that `location` leads to, or undefined when that is no URL. */
export function redirectStep(step: HttpStep, status: number, location: string): HttpStep | undefined {
  if (!URL.canParse(location, step.url.href)) return undefined;
  const url = new URL(location, step.url.href);
  const asksAgain = repeatsRequest(status);
  return {
    url,
    method: asksAgain || step.method === "HEAD" ? step.method : "GET",
    headers: redirectHeaders(step, url, { isAbsolute: URL.canParse(location) }),
    body: asksAgain ? step.body : "",
  };
}

function repeatsRequest(status: number): boolean {
  return status === 307 || status === 308;
}

function redirectHeaders(step: HttpStep, url: URL, to: { isAbsolute: boolean }): HeaderLists {
  // A host header was meant for the first server, unless the redirect stays there by naming a path only.
  const dropped = to.isAbsolute ? ["host"] : [];
  const isForeign = url.hostname !== step.url.hostname && !url.hostname.endsWith(`.${step.url.hostname}`);
  if (isForeign) dropped.push("authorization", "cookie", "cookie2", "www-authenticate");
  const referer = refererOf(step.url, url);
  return { ...withoutHeaders(step.headers, dropped), ...(referer === "" ? {} : { Referer: [referer] }) };
}

function refererOf(from: URL, to: URL): string {
  if (from.protocol === "https:" && to.protocol === "http:") return "";
  const referer = new URL(from);
  referer.username = "";
  referer.password = "";
  referer.hash = "";
  return referer.href;
}
