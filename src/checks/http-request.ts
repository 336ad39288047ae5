import type { TlsOptions } from "./connection-attempt.ts";
import type { HostPort } from "./host-port.ts";
import { isToken, requestHeaders } from "./http-headers.ts";
import type { HttpStep } from "./http-redirect.ts";
import { isAddress } from "./look-up.ts";

/** A request as it is sent, and to whom. */
export interface HttpRequest {
  readonly target: HostPort;
  readonly tls: TlsOptions | undefined;
  /** The answer to HEAD has no body, whatever its headers say. */
  readonly isHead: boolean;
  readonly bytes: Uint8Array;
}

export function httpRequestOf(step: HttpStep, { tlsSkipVerify }: { readonly tlsSkipVerify: boolean }): HttpRequest {
  const { url, method, body } = step;
  const target = targetOf(url);
  const serverName = isAddress(target.host) ? "" : target.host;
  const lines = requestHeaders(step).map(([name, value]) => `${name}: ${value}\r\n`);
  const head = `${method} ${url.pathname}${url.search} HTTP/1.1\r\n${lines.join("")}\r\n`;
  return {
    target,
    tls: url.protocol === "https:" ? { serverName, skipVerify: tlsSkipVerify } : undefined,
    isHead: method === "HEAD",
    bytes: new TextEncoder().encode(head + body),
  };
}

function targetOf(url: URL): HostPort {
  const port = url.port === "" ? (url.protocol === "https:" ? 443 : 80) : Number(url.port);
  return { host: url.hostname.replace(/^\[|\]$/g, ""), port };
}

/** What would end the line, and all that terminals obey. */
// oxlint-disable-next-line no-control-regex -- they are what is looked for
const control = /[\0-\x08\x0a-\x1f\x7f]/;

/** Why a request cannot be made, in the words of Go; undefined when it can. */
export function requestFault(step: HttpStep): string | undefined {
  if (step.url.protocol !== "http:" && step.url.protocol !== "https:")
    return `unsupported protocol scheme "${step.url.protocol.slice(0, -1)}"`;
  if (!isToken(step.method)) return `net/http: invalid method ${JSON.stringify(step.method)}`;
  for (const [name, value] of requestHeaders(step)) {
    if (!isToken(name)) return `net/http: invalid header field name ${JSON.stringify(name)}`;
    if (control.test(value)) return `net/http: invalid header field value for ${JSON.stringify(name)}`;
  }
  return undefined;
}
