import { type Clock, wakefulClock } from "../lib/clock.ts";
import { OperatingError } from "../lib/errors.ts";
import type { FetchAccessToken } from "./access-token.ts";
import { HttpClient } from "./http.ts";

/** The registry's address: a URL, or its parts. */
export interface RegistryLocation {
  /** The URL of the registry: "http://localhost:8500", or in EdgeX's form "consul.http://localhost:8500". */
  readonly url?: string;
  /** "http", which is the default, or "https". */
  readonly protocol?: string;
  readonly host?: string;
  readonly port?: number;
  /** The type of the registry. Only "consul", the default, is supported. */
  readonly type?: string;
}

/** Options of a connection to the registry. */
export interface ConnectionOptions extends RegistryLocation {
  /** The token that is sent with each request, as X-Consul-Token. */
  readonly accessToken?: string;
  /** Returns a new token. Called when the registry refuses the present token; the request is then repeated once. */
  readonly getAccessToken?: FetchAccessToken;
  /** Timeout of a request, in milliseconds; default 5,000. */
  readonly timeoutMs?: number;
  /** The clock of timeouts; tests pass a fake one. */
  readonly clock?: Clock;
}

/** The parts in which the error texts of EdgeX's two Go clients differ. */
export interface ClientErrorTexts {
  /** The error text if host or port is missing. */
  readonly incomplete: string;
  /** The client's name in the error text "unknown KIND type 'x' requested". */
  readonly kind: string;
}

/** Returns a client of the registry at this location. @throws OperatingError invalid */
export function connect(options: ConnectionOptions, texts: ClientErrorTexts): HttpClient {
  const { accessToken, getAccessToken, timeoutMs, clock = wakefulClock } = options;
  const { protocol, host, port, type } = options.url === undefined ? options : partsOf(options.url, texts);
  if (host === undefined || host === "" || port === undefined || port === 0)
    throw new OperatingError("invalid", "registry-not-named", texts.incomplete);
  if (type !== undefined && type !== "consul") {
    throw new OperatingError("invalid", "unknown-client-type", `unknown ${texts.kind} type '${type}' requested`);
  }
  return new HttpClient({
    baseUrl: `${protocol || "http"}://${host.includes(":") && !host.startsWith("[") ? `[${host}]` : host}:${port}`,
    clock,
    fetchToken: getAccessToken,
    ...(accessToken !== undefined && { token: accessToken }),
    ...(timeoutMs !== undefined && { timeoutMs }),
  });
}

/**
 * Splits the URL of a registry into its parts. "consul.http://host:port" has a type and a protocol, "consul://host:port" only a
 * type, and a plain URL only a protocol.
 */
function partsOf(text: string, texts: ClientErrorTexts): RegistryLocation {
  if (!URL.canParse(text)) throw invalidUrl(text, "is no URL");
  const url = new URL(text);
  if (!["", "/"].includes(url.pathname) || url.search !== "" || url.hash !== "" || url.username !== "")
    throw invalidUrl(text, "has more than a protocol, a host and a port");
  const scheme = url.protocol.slice(0, -1);
  const isPlain = scheme === "http" || scheme === "https";
  const [type = "", protocol = "http", ...more] = isPlain ? ["consul", scheme] : scheme.split(".");
  if (more.length > 0 || !["http", "https"].includes(protocol))
    throw invalidUrl(text, "names no protocol that there is");
  if (url.hostname === "" || (url.port === "" && !isPlain)) {
    throw new OperatingError("invalid", "registry-not-named", texts.incomplete);
  }
  return { type, protocol, host: url.hostname, port: Number(url.port) || (scheme === "https" ? 443 : 80) };
}

function invalidUrl(text: string, what: string): OperatingError {
  const message = `the registry's URL ${what}: ${JSON.stringify(text)}; expected something like http://localhost:8500`;
  return new OperatingError("invalid", "invalid-registry-url", message);
}
