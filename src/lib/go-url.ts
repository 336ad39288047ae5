import { goQuote } from "./go-quote.ts";

/**
 * A URL as Go's net/url (1.15) parses it. The WHATWG rules of JavaScript's `URL` differ: they resolve dot segments, repair
 * malformed input, and accept more ways to write an IP address.
 */
export interface GoUrl {
  /** The scheme in lower case; "" for a relative reference. */
  readonly scheme: string;
  /** The text between scheme and query if it does not begin with a slash: "a@b" of "mailto:a@b"; otherwise empty. */
  readonly opaque: string;
  readonly user: GoUserinfo | undefined;
  /** The host, unescaped, with the port if the URL has one. */
  readonly host: string;
  /** The path, escaped, as it is sent in a request. */
  readonly path: string;
  /** The query without the question mark; undefined for a URL without a query. */
  readonly query: string | undefined;
  /** The fragment without the hash sign, escaped. */
  readonly fragment: string;
}

/** User and password of a URL, unescaped; each character is one octet. */
export interface GoUserinfo {
  readonly name: string;
  /** The text after the colon; undefined without a colon. */
  readonly password: string | undefined;
}

/** The error for a text that is not a URL. `message` is Go's text, "parse URL: reason"; `reason` is only the last part. */
export class GoUrlError extends Error {
  readonly reason: string;

  constructor(text: string, reason: string) {
    super(`parse ${goQuote(text)}: ${reason}`);
    this.reason = reason;
  }
}

/** The reason why parsing fails, without the URL. parseGoUrl turns it into a GoUrlError, which names the URL. */
class Fault extends Error {}

/**
 * Parses a URL or a relative reference. The functions that it calls work on strings in which each character is one octet.
 * @throws GoUrlError
 */
export function parseGoUrl(text: string): GoUrl {
  const octets = octetsOf(text);
  const [main, fragment = ""] = cut(octets, "#");
  const { opaque, host, query, ...url } = attempt(() => parseWithoutFragment(main), main);
  return {
    ...url,
    ...{ opaque: textOf(opaque), host: textOf(host), query: query === undefined ? undefined : textOf(query) },
    fragment: attempt(() => escapedAs("fragment", fragment), octets),
  };
}

function attempt<Result>(parse: () => Result, octets: string): Result {
  try {
    return parse();
  } catch (thrown) {
    if (thrown instanceof Fault) throw new GoUrlError(textOf(octets), thrown.message);
    throw thrown;
  }
}

function octetsOf(text: string): string {
  return Buffer.from(text).toString("latin1");
}

/** Decodes octets as UTF-8. Invalid octets become U+FFFD. */
function textOf(octets: string): string {
  return Buffer.from(octets, "latin1").toString();
}

/** Returns the text before the first `mark` and the text after it. Without a mark the latter is undefined. */
function cut(text: string, mark: string): readonly [string, string | undefined] {
  const at = text.indexOf(mark);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}

function parseWithoutFragment(text: string): Omit<GoUrl, "fragment"> {
  // oxlint-disable-next-line no-control-regex -- the pattern finds control characters
  if (/[\0-\x1f\x7f]/.test(text)) throw new Fault("net/url: invalid control character in URL");
  const none = { scheme: "", opaque: "", user: undefined, host: "", path: text, query: undefined };
  if (text === "*") return none;
  const { scheme, rest: afterScheme } = splitScheme(text);
  const [rest, query] = cut(afterScheme, "?");
  if (!rest.startsWith("/")) {
    if (scheme !== "") return { ...none, scheme, opaque: rest, path: "", query };
    if (/^[^/]*:/.test(rest)) throw new Fault("first path segment in URL cannot contain colon");
  }
  if (!rest.startsWith("//") || (scheme === "" && rest.startsWith("///")))
    return { ...none, scheme, path: escapedAs("path", rest), query };
  const end = rest.indexOf("/", 2);
  const authority = parseAuthority(rest.slice(2, end < 0 ? undefined : end));
  return { ...none, scheme, ...authority, path: escapedAs("path", end < 0 ? "" : rest.slice(end)), query };
}

function splitScheme(text: string): { readonly scheme: string; readonly rest: string } {
  if (text.startsWith(":")) throw new Fault("missing protocol scheme");
  const [, scheme] = /^([a-z][a-z0-9+.-]*):/i.exec(text) ?? [];
  return scheme === undefined
    ? { scheme: "", rest: text }
    : { scheme: scheme.toLowerCase(), rest: text.slice(scheme.length + 1) };
}

function parseAuthority(authority: string): Pick<GoUrl, "user" | "host"> {
  const at = authority.lastIndexOf("@");
  const host = parseHost(authority.slice(at + 1));
  if (at < 0) return { user: undefined, host };
  const userinfo = authority.slice(0, at);
  if (!/^[\w.:~!$&'()*+,;=%@-]*$/.test(userinfo)) throw new Fault("net/url: invalid userinfo");
  const [name, password] = cut(userinfo, ":");
  return { user: { name: unescape(name), password: password === undefined ? undefined : unescape(password) }, host };
}

function parseHost(host: string): string {
  const portAt = host.startsWith("[") ? host.lastIndexOf("]") + 1 : host.lastIndexOf(":");
  if (portAt === 0 && host.startsWith("[")) throw new Fault("missing ']' in host");
  const port = portAt < 0 ? "" : host.slice(portAt);
  if (!isOptionalPort(port)) throw new Fault(`invalid port ${goQuote(textOf(port))} after host`);
  // RFC 6874: the zone of a link-local address follows %25, and may have more escaped characters than a host.
  const zoneAt = host.startsWith("[") ? host.slice(0, portAt - 1).indexOf("%25") : -1;
  if (zoneAt < 0) return unescapeHost(host, "host");
  const parts = [host.slice(0, zoneAt), host.slice(zoneAt, portAt - 1), host.slice(portAt - 1)] as const;
  return unescapeHost(parts[0], "host") + unescapeHost(parts[1], "zone") + unescapeHost(parts[2], "host");
}

/** Returns whether the text is empty, or a colon followed by any number of digits. */
function isOptionalPort(text: string): boolean {
  return /^(?::\d*)?$/.test(text);
}

type Part = "path" | "fragment" | "user" | "host";

/** For each part of a URL, the characters that Go does not escape when it formats the part. */
const unescaped: Readonly<Record<Part, RegExp>> = {
  path: /[\w.~$&+,/:;=@-]/,
  fragment: /[\w.~$&+,/:;=?@!()*-]/,
  user: /[\w.~$&+,;=-]/,
  host: /[\w.~!$&'()*+,;=:[\]<>"-]/,
};

/** Matches a path or fragment that Go formats as it was written, even with characters that `unescaped` lacks. */
const sendable: Readonly<Record<"path" | "fragment", RegExp>> = {
  path: /^[\w.~$&+,/:;=@!'()*[\]%-]*$/,
  fragment: /^[\w.~$&+,/:;=?@!'()*[\]%-]*$/,
};

function escape(octets: string, part: Part): string {
  return octets.replace(/./gs, (octet) =>
    unescaped[part].test(octet) ? octet : `%${octet.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`,
  );
}

/** Returns the text as written if `sendable` matches it; otherwise unescapes and escapes it again. @throws Fault */
function escapedAs(part: "path" | "fragment", written: string): string {
  const plain = unescape(written);
  return sendable[part].test(written) ? written : escape(plain, part);
}

function unescape(written: string): string {
  return written.replace(/%([0-9a-f]{2})?/gi, (_, hex: string | undefined, at: number) => {
    if (hex === undefined) throw badEscape(written.slice(at, at + 3));
    return octetOf(hex);
  });
}

/** Unescapes a host or zone. Go: a host may escape only "%" and non-ASCII octets, a zone also spaces and host characters. */
function unescapeHost(written: string, part: "host" | "zone"): string {
  return written.replace(/%([0-9a-f]{2})?|./gis, (found, hex: string | undefined, at: number) => {
    if (!found.startsWith("%")) {
      if (found < "\x80" && !unescaped.host.test(found))
        throw new Fault(`invalid character ${goQuote(found)} in host name`);
      return found;
    }
    if (hex === undefined) throw badEscape(written.slice(at, at + 3));
    const octet = octetOf(hex);
    const isAllowed = part === "host" ? octet >= "\x80" : octet === " " || unescaped.host.test(octet);
    if (hex !== "25" && !isAllowed) throw badEscape(found);
    return octet;
  });
}

function octetOf(hex: string): string {
  return String.fromCharCode(Number.parseInt(hex, 16));
}

function badEscape(written: string): Fault {
  return new Fault(`invalid URL escape ${goQuote(textOf(written))}`);
}

/** Returns the path ("/" for an empty one) and the query, as a request line has them. */
export function requestUri(url: GoUrl): string {
  return (url.path || "/") + queryOf(url);
}

function queryOf({ query }: GoUrl): string {
  return query === undefined ? "" : `?${query}`;
}

/** Formats the URL as Go does. The query and the opaque part stay as written, even if they are not ASCII. */
export function formatGoUrl(url: GoUrl): string {
  const { scheme, opaque, user, host, path, fragment } = url;
  const isRooted = scheme !== "" || host !== "" || user !== undefined;
  const hasAuthority = isRooted && (host !== "" || path !== "" || user !== undefined);
  const authority = hasAuthority ? `//${formatUser(user)}${escape(octetsOf(host), "host")}` : "";
  const shownPath = path !== "" && !path.startsWith("/") && host !== "" ? `/${path}` : path;
  const prefix = !isRooted && /^[^/]*:/.test(path) ? "./" : "";
  const middle = opaque !== "" ? opaque : authority + prefix + shownPath;
  return `${scheme === "" ? "" : `${scheme}:`}${middle}${queryOf(url)}${fragment === "" ? "" : `#${fragment}`}`;
}

function formatUser(user: GoUserinfo | undefined): string {
  if (user === undefined) return "";
  const password = user.password === undefined ? "" : `:${escape(user.password, "user")}`;
  return `${escape(user.name, "user")}${password}@`;
}

/** Returns the host for a DNS lookup: without port and brackets, in ASCII. */
export function hostnameOf({ host }: GoUrl): string {
  return toAscii(splitHostPort(host).hostname);
}

/** Returns the port's digits; "" when the URL has none. */
export function portOf({ host }: GoUrl): string {
  return splitHostPort(host).port;
}

function splitHostPort(host: string): { readonly hostname: string; readonly port: string } {
  const colon = host.lastIndexOf(":");
  const hasPort = colon >= 0 && isOptionalPort(host.slice(colon));
  const hostname = hasPort ? host.slice(0, colon) : host;
  return { hostname: hostname.replace(/^\[(.*)\]$/s, "$1"), port: hasPort ? host.slice(colon + 1) : "" };
}

/** Converts a host name to ASCII for DNS (IDNA). A name that IDNA does not allow is returned unchanged. */
export function toAscii(hostname: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are ASCII, too
  if (/^[\0-\x7f]*$/.test(hostname)) return hostname;
  // Go 1.15 maps these characters as IDNA 2003 does.
  const mapped = hostname
    .replaceAll("ß", "ss")
    .replaceAll("ς", "σ")
    .replace(/\u200c|\u200d/g, "");
  const ascii = URL.parse(`http://${mapped}`)?.hostname;
  const labels = mapped.normalize("NFKC").split(/[.\u3002]/);
  // oxlint-disable-next-line no-control-regex -- control characters are among those that a label must not have
  const isAllowed = labels.every((label) => !/[\0-,/:-@[-`{-\x7f]|^-|-$|^(?!xn)..--/i.test(label));
  return isAllowed ? (ascii ?? hostname) : hostname;
}

/** Resolves a reference against a base URL (RFC 3986, 5.2), as Go does. */
export function resolveGoUrl(base: GoUrl, reference: GoUrl): GoUrl {
  const scheme = reference.scheme || base.scheme;
  if (reference.scheme !== "" || reference.host !== "" || reference.user !== undefined)
    return { ...reference, scheme, path: resolvePath(reference.path, "") };
  const isSame = reference.path === "" && !reference.query;
  return {
    ...{ scheme, opaque: "", user: base.user, host: base.host, path: resolvePath(base.path, reference.path) },
    query: isSame ? base.query || reference.query : reference.query,
    fragment: isSame && reference.fragment === "" ? base.fragment : reference.fragment,
  };
}

function resolvePath(base: string, reference: string): string {
  const isRelative = reference !== "" && !reference.startsWith("/");
  const full = isRelative ? base.replace(/[^/]*$/, "") + reference : reference || base;
  if (full === "") return "";
  const resolved: string[] = [];
  const segments = full.split("/");
  for (const segment of segments) {
    if (segment === "..") resolved.pop();
    else if (segment !== ".") resolved.push(segment);
  }
  if ([".", ".."].includes(segments.at(-1) ?? "")) resolved.push("");
  return `/${resolved.join("/").replace(/^\//, "")}`;
}
