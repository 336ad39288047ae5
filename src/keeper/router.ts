import type { Audit } from "../http/audit.ts";
import { type SentPath, whyUnreadable } from "../http/sent-path.ts";
import type { Connections } from "../http/server.ts";
import { sentToken } from "../http/sent-token.ts";
import type { Caller, Callers } from "../registry/caller.ts";
import type { Clock } from "../lib/clock.ts";
import { OperatingError } from "../lib/errors.ts";
import type { Log } from "../lib/log.ts";
import type { Random } from "../lib/random.ts";
import { failure, frameworkFailure } from "./answers.ts";
import type { Endpoint, Route } from "./keeper.ts";
import { KeeperError, statusOf } from "./keeper-error.ts";
import { KeeperRequest } from "./keeper-request.ts";

/** Limits the connections and requests of each client. */
export interface ClientGate {
  answer(client: () => string | undefined, handle: () => Promise<Response>): Response | Promise<Response>;
}

export interface KeeperRouterOptions {
  /** Records requests; undefined if there is no audit log. */
  readonly audit?: Audit | undefined;
  readonly callers: Callers;
  readonly clientGate: ClientGate;
  readonly clock: Clock;
  readonly log: Log;
  readonly random: Random;
  readonly headers: Readonly<Record<string, string>>;
  readonly bodyBytesMax: number;
  /** Returns whether a client at this address may write (allow_write_http_from); undefined if all clients may write. */
  readonly mayWrite: ((clientAddress: string | undefined) => boolean) | undefined;
}

interface From {
  readonly caller: Caller;
  readonly connections: Connections;
}

interface Asked {
  readonly caller: Caller;
  readonly clientAddress: () => string | undefined;
}

/**
 * Finds the endpoint of a request, and turns errors into answers, as core-keeper's HTTP framework (Echo) does. The last part of
 * a path can contain slashes, encoded or not.
 */
export class KeeperRouter {
  readonly #routes: readonly Route[];
  readonly #options: KeeperRouterOptions;

  constructor(routes: readonly Route[], options: KeeperRouterOptions) {
    this.#routes = routes;
    this.#options = options;
  }

  /**
   * Answers a request.
   * @param path the path as the client sent it; the runtime normalizes the path in `request.url`
   * @param connections the listener that accepted the request
   */
  handle(request: Request, path: SentPath, connections: Connections): Response | Promise<Response> {
    const { audit, callers } = this.#options;
    const caller = callers.callerOf(callers.areLimited ? sentToken(request, "") : undefined);
    if (!audit) return this.#handle(request, path, { caller, connections });
    return audit.answer(request, { path, caller, connections }, (recorded) =>
      this.#handle(request, path, { caller: recorded, connections }),
    );
  }

  #handle(request: Request, { parts }: SentPath, { caller, connections }: From): Response | Promise<Response> {
    if (!parts) return this.refuse(whyUnreadable(request));
    // core-keeper decodes some paths twice and fails for "%25"; Praetor decodes each path once.
    const path = `/${parts.join("/")}`;
    const clientAddress = (): string | undefined => connections.requestIP(request)?.address;
    const answer = (): Promise<Response> => this.#answer(request, path, { caller, clientAddress });
    return this.#options.clientGate.answer(clientAddress, answer);
  }

  /** Returns the answer with status 400 to a request whose path cannot be read. */
  refuse(reason: string): Response {
    return this.#addHeaders(failure(400, reason), this.#options.random.uuid());
  }

  async #answer(request: Request, path: string, asked: Asked): Promise<Response> {
    const response = await this.#dispatch(request, path, asked);
    return this.#addHeaders(response, request.headers.get(correlationHeader) || this.#options.random.uuid());
  }

  #addHeaders(response: Response, correlationId: string): Response {
    response.headers.set(correlationHeader, correlationId);
    for (const [name, value] of Object.entries(this.#options.headers)) response.headers.set(name, value);
    return response;
  }

  async #dispatch(request: Request, path: string, { caller, clientAddress }: Asked): Promise<Response> {
    const { bodyBytesMax, clock, mayWrite } = this.#options;
    const { method } = request;
    const route = this.#routes.find((each) => each.path === path || (isOpen(each) && path.startsWith(each.path)));
    if (!route) return frameworkFailure(404, "Not Found");
    const endpoint = endpointOf(route, method);
    if (!endpoint) return otherMethod(route, method);
    if (method !== "GET" && mayWrite && !mayWrite(clientAddress())) return failure(403, "Access is restricted");
    if (!this.#options.callers.admits(caller, clientAddress))
      return failure(429, "too many unknown tokens from your address");
    if (route.isPublic !== true && !isKnown(caller, request)) return frameworkFailure(401, "Unauthorized");
    try {
      const rest = path.slice(route.path.length);
      const query = queryOf(request.url);
      return await endpoint(new KeeperRequest(request, { caller, rest, query, bodyBytesMax, clock }));
    } catch (error) {
      return this.#explain(error, request);
    }
  }

  #explain(error: unknown, { method, url }: Request): Response {
    const { log } = this.#options;
    if (error instanceof KeeperError) return failure(error.status, error.message);
    if (error instanceof OperatingError) {
      const status = statusOf(error);
      if (status >= 500) log.error("Request error", { method, url, error: error.message });
      return failure(status, error.message);
    }
    const fault = error instanceof Error ? (error.stack ?? error.message) : String(error);
    log.error("Request failed by a fault of the agent", { method, url, error: fault });
    return failure(500, "internal error: the agent's log says more");
  }
}

const correlationHeader = "X-Correlation-ID";

/** Returns whether the caller is known: core-keeper has no anonymous callers while access control is on. */
function isKnown(caller: Caller, request: Request): boolean {
  if (!caller.isChecked || caller.isObserved) return true;
  try {
    return sentToken(request, "") !== undefined && caller.rightsKey !== "";
  } catch {
    return false;
  }
}

function queryOf(url: string): string {
  const at = url.indexOf("?");
  return at < 0 ? "" : url.slice(at + 1);
}

function isOpen({ path }: Route): boolean {
  return path.endsWith("/");
}

function endpointOf({ methods }: Route, method: string): Endpoint | undefined {
  switch (method) {
    case "DELETE":
    case "GET":
    case "POST":
    case "PUT":
      return methods[method];
    default:
      return undefined;
  }
}

function otherMethod({ methods }: Route, method: string): Response {
  const headers = { Allow: ["OPTIONS", ...Object.keys(methods)].join(", ") };
  if (method === "OPTIONS") return new Response(null, { status: 204, headers });
  return frameworkFailure(405, "Method Not Allowed", headers);
}
