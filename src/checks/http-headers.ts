import { type GoUrl, type GoUserinfo, toAscii } from "../lib/go-url.ts";
import { splitHostPort } from "./host-port.ts";

export type HeaderLists = Readonly<Record<string, readonly string[]>>;

/** One line of a request's head. */
export type HeaderLine = readonly [name: string, value: string];

interface Header {
  readonly name: string;
  readonly values: readonly string[];
}

const defaults: readonly HeaderLine[] = [
  ["User-Agent", "Consul Health Check"],
  ["Accept", "text/plain, text/*, */*"],
];

/** Those that are not taken over as the definition has them: most describe the message itself. */
const ownHeaders: ReadonlySet<string> = new Set([
  ...["host", "connection", "content-length", "transfer-encoding", "trailer"],
]);

/** An empty body is announced with these, since they usually have one. */
const bodyMethods: ReadonlySet<string> = new Set(["POST", "PUT", "PATCH"]);

export interface HeadedRequest {
  readonly url: GoUrl;
  readonly method: string;
  readonly headers: HeaderLists;
  readonly body: string;
}

/**
 * The headers of a check's request: what its definition says, names in its spelling, over the defaults that services
 * know health checks by. An empty value leaves the default. Consul asks for gzip too; what is not asked for need not
 * be unpacked.
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

/** The definition's, or the URL's. Go: it is sent as ASCII, up to a blank or slash, without a zone. */
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
    return toAscii(host); // it has no port
  }
}

const token = /^[!#$%&'*+.^_`|~0-9a-z-]+$/i;

/** What HTTP takes for a method or a header's name. */
export function isToken(text: string): boolean {
  return token.test(text);
}

/** The definition's headers without those named, however they are spelt. */
export function withoutHeaders(defined: HeaderLists, names: readonly string[]): HeaderLists {
  return Object.fromEntries(Object.entries(defined).filter(([name]) => !names.includes(name.toLowerCase())));
}
