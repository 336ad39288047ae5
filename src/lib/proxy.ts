import { OperatingError } from "./errors.ts";
import { contains, type IpAddress, isLoopback, parseCidr, parseIp, unmapped } from "./ip-address.ts";

/** Environment variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Returns the URL of the proxy for a request, or undefined for a direct connection. These are the rules of Go's net/http
 * (golang.org/x/net/http/httpproxy, as of Go 1.15, which Consul 1.8 is built with). HTTP_PROXY names the proxy; for an https URL
 * HTTPS_PROXY comes first. A variable's upper-case name wins over its lower-case name. A request for localhost or a loopback
 * address never goes through a proxy, nor does one that NO_PROXY exempts. A value that is not a URL is ignored.
 * @throws OperatingError invalid in a CGI program (REQUEST_METHOD is set), where HTTP_PROXY can be a request's header "Proxy"
 */
export function proxyFor(url: URL, env: Environment): string | undefined {
  const secure = url.protocol === "https:" ? proxyOf(variable(env, "HTTPS_PROXY")) : undefined;
  const plain = secure === undefined ? proxyOf(variable(env, "HTTP_PROXY")) : undefined;
  if (plain !== undefined && env["REQUEST_METHOD"]) {
    const message = "refusing to use HTTP_PROXY value in CGI environment; see golang.org/s/cgihttpproxy";
    throw new OperatingError("invalid", "cgi-proxy", message);
  }
  const proxy = secure ?? plain;
  return proxy === undefined || isExempt(url, variable(env, "NO_PROXY")) ? undefined : proxy;
}

function variable(env: Environment, name: string): string {
  return env[name] || env[name.toLowerCase()] || "";
}

/** Returns the URL of a proxy, whose scheme may be missing: "proxy.example:3128". Returns undefined for other text. */
function proxyOf(text: string): string | undefined {
  if (text === "") return undefined;
  const url = /^(https?|socks5):\/\//i.test(text) ? text : `http://${text}`;
  return URL.canParse(url) ? url : undefined;
}

interface Target {
  /** The host in lower case, without brackets. */
  readonly host: string;
  readonly ip: IpAddress | undefined;
  readonly port: string;
}

function isExempt(url: URL, noProxy: string): boolean {
  const host = url.hostname.replace(/^\[|\]$/g, "").toLowerCase();
  const ip = addressOf(host);
  if (host === "localhost" || (ip !== undefined && isLoopback(ip))) return true;
  const target = { host, ip, port: url.port || (url.protocol === "https:" ? "443" : "80") };
  return noProxy.split(",").some((entry) => exempts(entry.trim().toLowerCase(), target));
}

/**
 * Returns whether one entry of NO_PROXY exempts the target. The entry is "*", a network ("10.0.0.0/8"), or an address or domain,
 * each with or without a port. "example.com" is the domain and its subdomains, while ".example.com" and "*.example.com" are only
 * the subdomains.
 */
function exempts(entry: string, { host, ip, port }: Target): boolean {
  if (entry === "*") return true;
  const network = parseCidr(entry);
  if (network !== undefined) return ip !== undefined && contains(network, ip);
  const [, bracketed, plain = entry, entryPort = ""] = /^(?:\[(.+)\]|([^:[\]]*)):([^:]*)$/.exec(entry) ?? [];
  const name = bracketed ?? plain;
  if (entryPort !== "" && entryPort !== port) return false;
  const address = addressOf(name);
  if (address !== undefined) return ip?.family === address.family && ip.value === address.value;
  const suffix = name.replace(/^\*(?=\.)/, "");
  if (suffix === "") return false;
  return suffix.startsWith(".") ? host.endsWith(suffix) : host === suffix || host.endsWith(`.${suffix}`);
}

function addressOf(text: string): IpAddress | undefined {
  const address = parseIp(text);
  return address && unmapped(address);
}
