import { goQuote } from "../lib/go-quote.ts";
import { type GoUrl, hostnameOf, portOf, requestUri } from "../lib/go-url.ts";
import type { TlsOptions } from "./connection-attempt.ts";
import { parseHostPort, type HostPort } from "./host-port.ts";
import { hostHeader, isToken, requestHeaders } from "./http-headers.ts";
import type { HttpStep } from "./http-redirect.ts";
import { isAddress } from "./look-up.ts";

/** A request as bytes, with the server to send it to. */
export interface HttpRequest {
  readonly target: HostPort;
  readonly tls: TlsOptions | undefined;
  /** Whether the method is HEAD, whose response has no body. */
  readonly isHead: boolean;
  readonly bytes: Uint8Array;
}

/** Returns the bytes and the target of a request. @throws OperatingError invalid when the URL's host or port is invalid */
export function httpRequestOf(step: HttpStep, { tlsSkipVerify }: { readonly tlsSkipVerify: boolean }): HttpRequest {
  const { url, method, body } = step;
  const target = targetOf(url);
  const serverName = isAddress(target.host) ? "" : target.host;
  const lines = requestHeaders(step).map(([name, value]) => `${name}: ${value}\r\n`);
  const head = `${method} ${requestTarget(step)} HTTP/1.1\r\n${lines.join("")}\r\n`;
  return {
    target,
    tls: url.scheme === "https" ? { serverName, skipVerify: tlsSkipVerify } : undefined,
    isHead: method === "HEAD",
    bytes: new TextEncoder().encode(head + body),
  };
}

/** Returns the target in the request line: path and query. Go: for CONNECT without a path it is the server's address. */
function requestTarget(step: HttpStep): string {
  return step.method === "CONNECT" && step.url.path === "" ? hostHeader(step) : requestUri(step.url);
}

function targetOf(url: GoUrl): HostPort {
  const host = hostnameOf(url);
  const port = portOf(url) || (url.scheme === "https" ? "443" : "80");
  return parseHostPort(host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`);
}

/** Matches a control character other than tab. The value of a header must not have one. */
// oxlint-disable-next-line no-control-regex -- the pattern must match control characters
const control = /[\0-\x08\x0a-\x1f\x7f]/;

/** Returns Go's text for an invalid request; undefined if the request is valid. */
export function requestFault(step: HttpStep): string | undefined {
  const { scheme, host } = step.url;
  if (scheme !== "http" && scheme !== "https") return `unsupported protocol scheme ${goQuote(scheme)}`;
  for (const [name, value] of requestHeaders(step)) {
    if (!isToken(name)) return `net/http: invalid header field name ${goQuote(name)}`;
    if (control.test(value)) return `net/http: invalid header field value for ${goQuote(name)}`;
  }
  return host === "" ? "http: no Host in request URL" : undefined;
}
