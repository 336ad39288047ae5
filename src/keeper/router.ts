import type { Audit } from "../http/audit.ts";
import { type SentPath, whyUnreadable } from "../http/sent-path.ts";
import type { Connections } from "../http/server.ts";
import { sentSecret } from "../http/sent-token.ts";
import { changeSourceOf } from "../http/cause.ts";
import { causingCaller } from "../registry/caused-changes.ts";
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

/** Verifies the JWTs that services send in place of tokens. */
export interface JwtVerifier {
  /** Returns whether a bearer token has the form of a JWT. */
  isOne(bearer: string): boolean;
  /**
   * Returns the key of the service to which a JWT was issued; undefined for one that is not valid.
   * @throws OperatingError unavailable when that cannot be found out now
   */
  serviceOf(bearer: string): Promise<string | undefined>;
}

export interface KeeperRouterOptions {
  /** Records requests; undefined if there is no audit log. */
  readonly audit?: Audit | undefined;
  readonly callers: Callers;
  /** Undefined if no JWT is accepted. */
  readonly jwts?: JwtVerifier | undefined;
  readonly clientGate: ClientGate;
  readonly clock: Clock;
  readonly log: Log;
  readonly random: Random;
  readonly headers: Readonly<Record<string, string>>;
  readonly bodyBytesMax: number;
  /** Returns whether a client at this address may write (allow_write_http_from); undefined if all clients may write. */
  readonly mayWrite: ((clientAddress: string | undefined) => boolean) | undefined;
}

/** A request's sender, as far as its token tells. */
interface Sender {
  readonly caller: Caller;
  /** Why it cannot be found out now whether the JWT is valid; undefined if it can. */
  readonly unchecked?: OperatingError;
}

interface Asked extends Sender {
  readonly clientAddress: () => string | undefined;
}

interface AuditedSender {
  readonly path: SentPath;
  readonly caller: Caller;
  readonly connections: Connections;
}

type Answered = Response | Promise<Response>;

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
    const { callers, clientGate, jwts } = this.#options;
    const token = callers.areLimited ? sentSecret(request, "") : undefined;
    const clientAddress = (): string | undefined => connections.requestIP(request)?.address;
    const answer = (sender: Sender): Promise<Response> => this.#answer(request, path, { ...sender, clientAddress });
    if (jwts === undefined || token === undefined || !jwts.isOne(token))
      return this.#audited(request, { path, caller: callers.callerOf(token), connections }, (caller) =>
        path.parts ? clientGate.answer(clientAddress, () => answer({ caller })) : this.refuse(whyUnreadable(request)),
      );
    // Another system may be asked about a JWT, so the limit of the client's requests comes first.
    return clientGate.answer(clientAddress, async () => {
      const { caller, unchecked } = await this.#senderOf(token, jwts);
      return this.#audited(request, { path, caller, connections }, (recorded) =>
        path.parts
          ? answer({ caller: recorded, ...(unchecked && { unchecked }) })
          : this.refuse(whyUnreadable(request)),
      );
    });
  }

  #audited(request: Request, sender: AuditedSender, handle: (caller: Caller) => Answered): Answered {
    const { audit } = this.#options;
    return audit ? audit.answer(request, sender, handle) : handle(sender.caller);
  }

  /** A JWT that is not valid counts as a token that does not exist. */
  async #senderOf(jwt: string, jwts: JwtVerifier): Promise<Sender> {
    const { callers } = this.#options;
    try {
      const service = await jwts.serviceOf(jwt);
      return { caller: service === undefined ? callers.callerOf(jwt) : callers.callerOfService(service) };
    } catch (error) {
      if (!(error instanceof OperatingError)) throw error;
      const caller = callers.callerOf(jwt);
      // While access control only observes, nothing is refused.
      return caller.isObserved ? { caller } : { caller, unchecked: error };
    }
  }

  /** Returns the answer with status 400 to a request whose path cannot be read. */
  refuse(reason: string): Response {
    return this.#addHeaders(failure(400, reason), this.#options.random.uuid());
  }

  async #answer(request: Request, { parts = [] }: SentPath, asked: Asked): Promise<Response> {
    // core-keeper decodes some paths twice and fails for "%25"; Praetor decodes each path once.
    const response = await this.#dispatch(request, `/${parts.join("/")}`, asked);
    return this.#addHeaders(response, request.headers.get(correlationHeader) || this.#options.random.uuid());
  }

  #addHeaders(response: Response, correlationId: string): Response {
    response.headers.set(correlationHeader, correlationId);
    for (const [name, value] of Object.entries(this.#options.headers)) response.headers.set(name, value);
    return response;
  }

  async #dispatch(request: Request, path: string, { caller, unchecked, clientAddress }: Asked): Promise<Response> {
    const { bodyBytesMax, clock, mayWrite } = this.#options;
    const { method } = request;
    const route = this.#routes.find((each) => each.path === path || (isOpen(each) && path.startsWith(each.path)));
    if (!route) return frameworkFailure(404, "Not Found");
    const endpoint = endpointOf(route, method);
    if (!endpoint) return otherMethod(route, method);
    if (method !== "GET" && mayWrite && !mayWrite(clientAddress())) return failure(403, "Access is restricted");
    if (route.isPublic !== true && unchecked) return this.#explain(unchecked, request);
    if (!unchecked && !caller.admits(clientAddress)) return failure(429, "too many unknown tokens from your address");
    if (route.isPublic !== true && !isKnown(caller, request)) return frameworkFailure(401, "Unauthorized");
    try {
      const rest = path.slice(route.path.length);
      const query = queryOf(request.url);
      const causing = causingCaller(caller, () => changeSourceOf(request, caller, clientAddress()));
      return await endpoint(new KeeperRequest(request, { caller: causing, rest, query, bodyBytesMax, clock }));
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
    return sentSecret(request, "") !== undefined && caller.rightsKey !== "";
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
