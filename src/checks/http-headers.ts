import { type GoUrl, type GoUserinfo, toAscii } from "../lib/go-url.ts";
import { splitHostPort } from "./host-port.ts";

export type HeaderLists = Readonly<Record<string, readonly string[]>>;

/** One header line of a request. */
export type HeaderLine = readonly [name: string, value: string];

interface Header {
  readonly name: string;
  readonly values: readonly string[];
}

const defaults: readonly HeaderLine[] = [
  ["User-Agent", "Consul Health Check"],
  ["Accept", "text/plain, text/*, */*"],
];

/** Names of headers that are not copied from the definition, because the request sets them or must not have them. */
const ownHeaders: ReadonlySet<string> = new Set([
  ...["host", "connection", "content-length", "transfer-encoding", "trailer"],
]);

/** Methods for which Content-Length is sent also for an empty body. */
const bodyMethods: ReadonlySet<string> = new Set(["POST", "PUT", "PATCH"]);

export interface HeadedRequest {
  readonly url: GoUrl;
  readonly method: string;
  readonly headers: HeaderLists;
  readonly body: string;
}

/**
 * Returns the headers of a check's request: the definition's headers, with their names as the user spelled them, and Consul's
 * defaults, by which services recognise health checks. A header with an empty value keeps the default. Unlike Consul, does not
 * send Accept-Encoding, so that responses need not be decompressed.
 */
export function requestHeaders(request: HeadedRequest): HeaderLine[] {
  const { url, method, headers: defined, body } = request;
  const headers = new Map<string, Header>();
  const set = (name: string, values: readonly string[]): void => void headers.set(name.toLowerCase(), { name, values });
  set("Host", [hostHeader(request)]);
  for (const [name, value] of defaults) set(name, [value]);
  for (const [name, values] of Object.entries(defined)) {
    const known = headers.get(name.toLowerCase());
    if (ownHeaders.has(name.toLowerCase())) continue;
    if (known === undefined) set(name, values);
    else if (values[0]) set(known.name, [values[0]]);
  }
  if (url.user && !headers.get("authorization")?.values[0]) set("Authorization", [basicOf(url.user)]);
  set("Connection", ["close"]);
  if (body !== "" || bodyMethods.has(method)) set("Content-Length", [String(Buffer.byteLength(body))]);
  return [...headers.values()].flatMap(({ name, values }) => values.map((value): HeaderLine => [name, value]));
}

function basicOf({ name, password = "" }: GoUserinfo): string {
  return `Basic ${Buffer.from(`${name}:${password}`, "latin1").toString("base64")}`;
}

/** Returns the value of the header Host, from the definition or the URL. Go: in ASCII, cut at a space or slash, without zone. */
export function hostHeader({ url, headers }: Pick<HeadedRequest, "url" | "headers">): string {
  const given = Object.entries(headers).find(([name]) => name.toLowerCase() === "host")?.[1][0];
  const [host = ""] = (given || url.host).split(/[ /]/, 1);
  return asciiHost(host).replace(/^(\[.*)%.*(\].*?)$/, "$1$2");
}

function asciiHost(host: string): string {
  try {
    const { host: name, port } = splitHostPort(host);
    return name.includes(":") ? `[${toAscii(name)}]:${port}` : `${toAscii(name)}:${port}`;
  } catch {
    return toAscii(host); // the URL's host has no port here
  }
}

const token = /^[!#$%&'*+.^_`|~0-9a-z-]+$/i;

/** Returns whether the text is a token of HTTP, as methods and header names must be. */
export function isToken(text: string): boolean {
  return token.test(text);
}

/** Returns the headers except those whose name, in lower case, is one of `names`. */
export function withoutHeaders(defined: HeaderLists, names: readonly string[]): HeaderLists {
  return Object.fromEntries(Object.entries(defined).filter(([name]) => !names.includes(name.toLowerCase())));
}
