import { type Clock, wakefulClock } from "../lib/clock.ts";
import { OperatingError } from "../lib/errors.ts";
import type { FetchAccessToken } from "./access-token.ts";
import { HttpClient } from "./http.ts";

/** The registry's address: a URL, or its parts. */
export interface RegistryLocation {
  /** "http://localhost:8500", or in EdgeX's form: "consul.http://localhost:8500". */
  readonly url?: string;
  /** Default: "http". */
  readonly protocol?: string;
  readonly host?: string;
  readonly port?: number;
  /** Only "consul", the default, is supported. */
  readonly type?: string;
}

/** How to connect to the registry. */
export interface ConnectionOptions extends RegistryLocation {
  /** Sent with each request as X-Consul-Token. */
  readonly accessToken?: string;
  /** Called for a new token when the registry refuses the present one; the request is then repeated once. */
  readonly getAccessToken?: FetchAccessToken;
  /** Default timeout of a request: 5,000 ms. */
  readonly timeoutMs?: number;
  /** The clock of timeouts; tests pass a fake one. */
  readonly clock?: Clock;
}

/** The parts in which the error texts of EdgeX's two Go clients differ. */
export interface ClientErrorTexts {
  /** Error text if host or port is missing. */
  readonly incomplete: string;
  /** "unknown KIND type 'x' requested" */
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

/** "consul.http://host:port" names type and protocol, "consul://host:port" only the type, and a plain URL the protocol. */
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
