import { posix } from "node:path";
import type { Clock } from "../lib/clock.ts";
import { formatDuration } from "../lib/duration.ts";
import type { Log } from "../lib/log.ts";
import { type SentPath, sentTarget, targetOf } from "./sent-path.ts";

/** The address of one end of a connection. */
export interface PeerAddress {
  readonly address: string;
  readonly port: number;
}

interface Finished {
  /** The path as the client sent it; undefined if it has too many parts. */
  readonly path: SentPath | undefined;
  /** The other end of the connection; null on a unix socket. */
  readonly peer: PeerAddress | null;
  readonly clock: Clock;
  readonly log: Log;
}

type Answered = Response | Promise<Response>;

/** Answers a request and logs the same line about it as Consul, at level debug. */
export function logFinished(request: Request, answer: () => Answered, { path, peer, clock, log }: Finished): Answered {
  const startMs = clock.monotonicMs();
  const write = (): void => {
    const ms = Math.round((clock.monotonicMs() - startMs) * 1e6) / 1e6;
    const target = targetOf(request.url);
    const parts = path?.parts;
    const url = hideTokens(parts ? sentTarget(target, parts) : target);
    log.debug("Request finished", { method: request.method, url, from: nameOf(peer), latency: formatDuration(ms) });
  };
  const response = answer();
  if (response instanceof Promise) response.then(write, write);
  else write();
  return response;
}

/** Returns the peer's address as Go formats it. Consul: "@" for all unix sockets. */
export function nameOf(peer: PeerAddress | null): string {
  if (peer === null) return "@";
  // A dual-stack socket shows an IPv4 address as an IPv4-mapped IPv6 address.
  const host = peer.address.replace(/^::ffff:(?=\d+\.)/, "");
  return host.includes(":") ? `[${host}]:${peer.port}` : `${host}:${peer.port}`;
}

/** Returns the target without secrets: the values of `token`, and the tokens in paths of the legacy ACL API, are hidden. */
export function hideTokens(target: string): string {
  const [sentPath = "", ...queries] = target.split("?");
  const path = hideInPath(sentPath);
  if (queries.length === 0) return path;
  const parameters = queries.join("?").split(/([&;])/);
  const shown = parameters.map((pair) => (isToken(pair) ? `${pair.slice(0, pair.indexOf("=") + 1)}<hidden>` : pair));
  return `${path}?${shown.join("")}`;
}

/** Hides the secret also in a path that is one of the legacy ACL API only after it is decoded and cleaned. */
function hideInPath(path: string): string {
  const [, folder] = secretPath.exec(posix.normalize(path.split("/").map(decoded).join("/"))) ?? [];
  return folder === undefined ? path : `${folder}<hidden>`;
}

const secretPath = /^(\/v1\/acl\/(?:create|update|info|destroy|clone|list)\/)./is;

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** Returns whether a pair of the query string is named `token`. The name can be percent-encoded. */
function isToken(pair: string): boolean {
  const [name = "", value] = pair.split("=", 2);
  return value !== undefined && [...new URLSearchParams(`${name}=`).keys()][0] === "token";
}
