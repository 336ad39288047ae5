import { type Clock, wakefulClock } from "../lib/clock.ts";
import { OperatingError } from "../lib/errors.ts";
import type { FetchAccessToken } from "./access-token.ts";
import { HttpClient } from "./http.ts";

/** Where the registry is: its URL, or the parts of it. */
export interface RegistryLocation {
  /** "http://localhost:8500", or as EdgeX's services are told it: "consul.http://localhost:8500". */
  readonly url?: string;
  /** "http" if not said otherwise. */
  readonly protocol?: string;
  readonly host?: string;
  readonly port?: number;
  /** What the registry speaks. "consul", the default, is the only kind there is. */
  readonly type?: string;
}

/** How to talk to the registry. */
export interface ConnectionOptions extends RegistryLocation {
  /** Sent with each request, where the registry asks for one. */
  readonly accessToken?: string;
  /** Gives another token when the registry refuses the one there is; the request is then repeated, once. */
  readonly getAccessToken?: FetchAccessToken;
  /** How long a call waits for an answer if not said otherwise: 5,000 ms. */
  readonly timeoutMs?: number;
  /** Time, for tests that move it. */
  readonly clock?: Clock;
}

/** How the two kinds of client name themselves, in the words of EdgeX's Go clients. */
export interface ClientWords {
  /** Host or port is missing. */
  readonly incomplete: string;
  /** "unknown KIND type 'x' requested" */
  readonly kind: string;
}

/** @throws OperatingError invalid */
export function connect(options: ConnectionOptions, words: ClientWords): HttpClient {
  const { accessToken, getAccessToken, timeoutMs, clock = wakefulClock } = options;
  const { protocol, host, port, type } = options.url === undefined ? options : partsOf(options.url, words);
  if (host === undefined || host === "" || port === undefined || port === 0)
    throw new OperatingError("invalid", "registry-not-named", words.incomplete);
  if (type !== undefined && type !== "consul") {
    throw new OperatingError("invalid", "unknown-client-type", `unknown ${words.kind} type '${type}' requested`);
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
function partsOf(text: string, words: ClientWords): RegistryLocation {
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
    throw new OperatingError("invalid", "registry-not-named", words.incomplete);
  }
  return { type, protocol, host: url.hostname, port: Number(url.port) || (scheme === "https" ? 443 : 80) };
}

function invalidUrl(text: string, what: string): OperatingError {
  const message = `the registry's URL ${what}: ${JSON.stringify(text)}; expected something like http://localhost:8500`;
  return new OperatingError("invalid", "invalid-registry-url", message);
}
