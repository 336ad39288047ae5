import type { Clock } from "../lib/clock.ts";
import { formatDuration } from "../lib/duration.ts";
import type { Log } from "../lib/log.ts";

interface Finished {
  readonly answer: () => Response | Promise<Response>;
  /** The other end of the connection; null on a unix socket. */
  readonly client: { readonly address: string; readonly port: number } | null;
  readonly clock: Clock;
  readonly log: Log;
}

/** Answers a request and writes Consul's line of it at level debug. */
export function logFinished(request: Request, { answer, client, clock, log }: Finished): Response | Promise<Response> {
  const startMs = clock.monotonicMs();
  const write = (): void => {
    const ms = Math.round((clock.monotonicMs() - startMs) * 1e6) / 1e6;
    const url = hideTokens(targetOf(request.url));
    log.debug("Request finished", { method: request.method, url, from: nameOf(client), latency: formatDuration(ms) });
  };
  const response = answer();
  if (response instanceof Promise) response.then(write, write);
  else write();
  return response;
}

/** Go's name of a connection's other end; Consul: "@" for all unix sockets. */
function nameOf(client: Finished["client"]): string {
  if (client === null) return "@";
  // A socket that takes both families shows IPv4 within IPv6.
  const host = client.address.replace(/^::ffff:(?=\d+\.)/, "");
  return host.includes(":") ? `[${host}]:${client.port}` : `${host}:${client.port}`;
}

/** Path and query of a URL. A request without a usable Host has nothing before them. */
export function targetOf(url: string): string {
  return url.startsWith("/") ? url : url.slice(url.indexOf("/", url.indexOf("://") + 3));
}

/** The target as it may stand in a log: without the values of `token`, and without the tokens in paths of the first ACLs. */
export function hideTokens(target: string): string {
  const [path = "", ...queries] = target.replace(aclPath, "$1<hidden>$2").split("?");
  if (queries.length === 0) return path;
  const parameters = queries.join("?").split(/([&;])/);
  const shown = parameters.map((pair) => (isToken(pair) ? `${pair.slice(0, pair.indexOf("=") + 1)}<hidden>` : pair));
  return `${path}?${shown.join("")}`;
}

const aclPath = /^(\/v1\/acl\/(?:create|update|info|destroy|clone|list)\/)[^?]+(\??.*)$/;

/** A name can be percent-encoded, too. */
function isToken(pair: string): boolean {
  const [name = "", value] = pair.split("=", 2);
  return value !== undefined && [...new URLSearchParams(`${name}=`).keys()][0] === "token";
}
