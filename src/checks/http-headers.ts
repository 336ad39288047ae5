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

/** Those that describe the message itself: the connection decides them, not the definition. */
const ownHeaders: ReadonlySet<string> = new Set(["connection", "content-length", "transfer-encoding", "trailer"]);

/** An empty body is announced with these, since they usually have one. */
const bodyMethods: ReadonlySet<string> = new Set(["POST", "PUT", "PATCH"]);

export interface HeadedRequest {
  readonly url: URL;
  readonly method: string;
  readonly headers: HeaderLists;
  readonly body: string;
}

/**
 * The headers of a check's request: what its definition says, names in its spelling, over the defaults that services
 * know health checks by. An empty value leaves the default. Consul asks for gzip too; what is not asked for need not
 * be unpacked.
 */
export function requestHeaders({ url, method, headers: defined, body }: HeadedRequest): HeaderLine[] {
  const headers = new Map<string, Header>();
  const set = (name: string, values: readonly string[]): void => void headers.set(name.toLowerCase(), { name, values });
  set("Host", [url.host]);
  for (const [name, value] of defaults) set(name, [value]);
  for (const [name, values] of Object.entries(defined)) {
    const known = headers.get(name.toLowerCase());
    if (ownHeaders.has(name.toLowerCase())) continue;
    if (known === undefined) set(name, values);
    else if (values[0]) set(known.name, [values[0]]);
  }
  if (url.username + url.password !== "" && !headers.has("authorization")) set("Authorization", [basicOf(url)]);
  set("Connection", ["close"]);
  if (body !== "" || bodyMethods.has(method)) set("Content-Length", [String(Buffer.byteLength(body))]);
  return [...headers.values()].flatMap(({ name, values }) => values.map((value): HeaderLine => [name, value]));
}

function basicOf({ username, password }: URL): string {
  const credentials = `${percentDecoded(username)}:${percentDecoded(password)}`;
  return `Basic ${Buffer.from(credentials).toString("base64")}`;
}

function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // a percent sign that stands for itself
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
