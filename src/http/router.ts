import { OperatingError } from "../lib/errors.ts";
import type { Log } from "../lib/log.ts";
import type { Metrics } from "../lib/metrics.ts";
import { noLeaderText } from "../registry/leader-wait.ts";
import type { Caller, Callers } from "../registry/caller.ts";
import { LogThrottle } from "../lib/log-throttle.ts";
import { answerKey, type KeptAnswer } from "./answer-cache.ts";
import type { Audit } from "./audit.ts";
import { answerByRoute, noPath, type Pipeline } from "./answer-by-route.ts";
import { empty, moved, sendWhole, text } from "./answers.ts";
import type { ClientLimit } from "./client-limit.ts";
import { withHop } from "./hop.ts";
import type { HostGuard } from "./host-guard.ts";
import { HttpError, statusOf } from "./http-error.ts";
import { HttpMetrics } from "./http-metrics.ts";
import { HttpRequest } from "./http-request.ts";
import { isLarge, LargeAnswers } from "./large-answers.ts";
import { addContact } from "./leader-contact.ts";
import { consistencyOfTarget } from "./query-options.ts";
import { hideTokens } from "./request-log.ts";
import type { DatacenterEndpoint, Endpoint, Route } from "./route.ts";
import { isPageWrite, pageWriteRefused } from "./page-writes.ts";
import { cleanPath, pathOf, type SentPath, sentTarget, splitPath, targetOf, whyUnreadable } from "./sent-path.ts";
import { sentToken } from "./sent-token.ts";
import { placeOf, type Connections } from "./server.ts";

export interface RouterOptions extends Pipeline {
  /** Records requests; undefined if there is no audit log. */
  readonly audit?: Audit | undefined;
  readonly clientLimit: ClientLimit;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly headers: Readonly<Record<string, string>>;
  /** Whether JSON is indented for every client. Consul indents it in development mode. */
  readonly isPretty: boolean;
  /** Prefixes of the paths that are refused. */
  readonly blocked: readonly string[];
  /** Whether paths may hold control characters and other unprintable ones, which Consul refuses to keep logs safe. */
  readonly allowsUnprintable: boolean;
  /** Whether a client of this address may write; undefined if all may. */
  readonly mayWrite: ((clientAddress: string | undefined) => boolean) | undefined;
  /** Whether browsers may only read. */
  readonly pagesOnlyRead?: boolean;
  /** Refuses requests of strangers' pages; undefined if access control does. */
  readonly hostGuard?: HostGuard | undefined;
}

interface From extends Pick<Asked, "target" | "caller"> {
  readonly path: SentPath;
  readonly connections: Connections;
}

type ClientAddress = () => string | undefined;

interface AskedRoute extends Pick<Asked, "target"> {
  readonly route: Route;
}

interface Asked {
  /** Path and query, encoded. GETs with equal targets are the same read. */
  readonly target: string;
  /** The path as sent, percent-decoded. */
  readonly path: string;
  /** The path's parts between its slashes, percent-decoded, so a part can contain a slash. */
  readonly parts: readonly string[];
  /** The query string with its question mark, encoded. */
  readonly query: string;
  readonly caller: Caller;
  readonly clientAddress: ClientAddress;
  readonly agentNode: string | undefined;
  readonly agentToken: string | undefined;
}

/**
 * Finds the endpoint of a request, and turns errors into responses: unknown paths, refused methods, invalid input, and faults of
 * the agent.
 *
 * The router tries these in order: kept answer, client limit, redirect, route, blocked path, method, write access, then the steps
 * of answer-by-route.ts. Paths match as in Consul's (Go's) server: the exact path, else the longest subtree above it.
 *
 * Life cycle of a request: a listener (server.ts) passes it on with its path as sent; `handle` returns the answer, or a promise of
 * it. A held request ends by a change, by its timer or by a lost connection.
 *
 * Invariants: every request gets an answer, and none makes `handle` throw. A request gets the same answer from the cache of kept
 * answers as without it. A fault of the agent is answered with 500 and logged with its stack.
 */
export class Router {
  readonly #exact = new Map<string, Route>();
  readonly #subtrees = new Map<string, Route>();
  readonly #log: Log;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #blocked: readonly string[];
  readonly #allowsUnprintable: boolean;
  readonly #mayWrite: RouterOptions["mayWrite"];
  readonly #pagesOnlyRead: boolean;
  readonly #hostGuard: HostGuard | undefined;
  readonly #audit: Audit | undefined;
  readonly #pipeline: Pipeline;
  readonly #answers: Pipeline["answers"];
  readonly #callers: Callers;
  readonly #clientLimit: ClientLimit;
  readonly #largeAnswers = new LargeAnswers();
  readonly #clock: Pipeline["clock"];
  readonly #isPretty: boolean;
  readonly #isAlone: boolean;
  readonly #throttle: LogThrottle;
  readonly #metrics: HttpMetrics;

  constructor(routes: readonly Route[], options: RouterOptions) {
    for (const route of routes) (isSubtree(route.path) ? this.#subtrees : this.#exact).set(route.path, route);
    this.#log = options.log;
    this.#headers = options.headers;
    this.#blocked = options.blocked;
    this.#allowsUnprintable = options.allowsUnprintable;
    this.#mayWrite = options.mayWrite;
    this.#pagesOnlyRead = options.pagesOnlyRead ?? false;
    this.#hostGuard = options.hostGuard;
    this.#audit = options.audit;
    this.#pipeline = options;
    this.#answers = options.answers;
    this.#callers = options.callers;
    this.#clientLimit = options.clientLimit;
    this.#clock = options.clock;
    this.#isPretty = options.isPretty;
    this.#isAlone = options.cluster.isAlone;
    this.#throttle = new LogThrottle(options.clock);
    this.#metrics = new HttpMetrics(options.metrics, routes);
  }

  /**
   * Answers a request, from a kept answer if possible.
   * @param path the path as the client sent it, which can differ from the one in `request.url`
   * @param connections the listener that accepted the request
   */
  handle(request: Request, path: SentPath, connections: Connections): Response | Promise<Response> {
    const refusal = this.#hostGuard?.(request);
    if (refusal !== undefined) return this.#addHeaders(text(403, refusal));
    const target = targetOf(request.url);
    const secret = this.#callers.areLimited ? sentToken(request, target) : undefined;
    const caller = this.#callers.callerOf(secret, connections.agentToken);
    const from = { target, caller, path, connections };
    if (!this.#callers.areAsked) return this.#record(request, from);
    // The token of a request that a server answers is that server's business. But the audit log names the sender of each.
    if (!this.#audit && !this.#asksForRights(path)) return this.#handle(request, from);
    const prepared = caller.prepare(placeOf(request, connections));
    return prepared ? prepared.then(() => this.#record(request, from)) : this.#record(request, from);
  }

  /** Answers a request of a caller whose rights are known, and records it if there is an audit log. */
  #record(request: Request, from: From): Response | Promise<Response> {
    if (!this.#audit) return this.#admit(request, from);
    return this.#audit.answer(request, from, (caller) => this.#admit(request, { ...from, caller }));
  }

  #admit(request: Request, from: From): Response | Promise<Response> {
    if (this.#callers.areLimited && !from.caller.admits(placeOf(request, from.connections)))
      return this.#addHeaders(text(429, tooManyTries, retryLater));
    return this.#handle(request, from);
  }

  /** Returns whether this agent itself decides who may make the request. */
  #asksForRights({ parts }: SentPath): boolean {
    return parts !== undefined && (this.#find(`/${parts.join("/")}`)?.access ?? "open") !== "open";
  }

  #handle(request: Request, { target, caller, path, connections }: From): Response | Promise<Response> {
    const isGet = request.method === "GET";
    // Nearly all reads take this branch: the same target was answered before, and no topic of the answer was touched since.
    const known = isGet ? this.#answers.get(answerKey(target, rightsKeyOf(caller))) : undefined;
    if (known && !isLarge(known.body) && path.is((known.parts ??= splitPath(pathOf(target))))) {
      if (this.#isAlone) return this.#sendAgain(known, request, target);
      const again = this.#sendIfFresh(known, request, target);
      if (again) return again;
    }
    const { parts } = path;
    if (!parts) return this.refuse(whyUnreadable(request));
    const clientAddress = (): string | undefined => connections.requestIP(request)?.address;
    const asked = {
      ...askedOf(sentTarget(target, parts), parts),
      ...{ caller, clientAddress, agentNode: connections.agentNode, agentToken: connections.agentToken },
    };
    const route = this.#find(asked.path);
    const held = isGet && route !== undefined && isHeld(route, asked.query) ? route.held : undefined;
    // A blocking query waits up to ten minutes, and a stream ends only when the client disconnects, so neither has an idle limit.
    if (held !== undefined) connections.timeout(request, 0);
    const answer = async (): Promise<Response> => this.#addHeaders(await this.#dispatch(route, request, asked));
    // All other reads are answered in this turn of the event loop, so the client limit need not count them.
    if (isGet && held === undefined) return answer();
    return this.#clientLimit.answer(clientAddress, answer, held === "stream" ? request.signal : undefined);
  }

  /** Returns a 400 with the reason, for a request whose path cannot be decoded. */
  refuse(reason: string): Response {
    return this.#addHeaders(text(400, reason));
  }

  #sendAgain(known: KeptAnswer, request: Request, target: string): Response {
    this.#pipeline.queries.add(1);
    const repeats = (known.repeats ??= this.#metrics.repeatsOf(this.#find(pathOf(target))));
    const startMs = repeats.isDue ? this.#clock.monotonicMs() : undefined;
    const response = this.#addHeaders(sendWhole(known, request));
    repeats.add(startMs === undefined ? undefined : this.#clock.monotonicMs() - startMs);
    return response;
  }

  /**
   * Sends a kept answer on a server of a cluster if it may be sent at once. Otherwise returns undefined, and the request passes
   * all steps, in one of which this server asks the leader.
   */
  #sendIfFresh(known: KeptAnswer, request: Request, target: string): Response | undefined {
    const { cluster, store } = this.#pipeline;
    const consistency = consistencyOfTarget(target);
    if (consistency === undefined) return undefined;
    if (consistency !== "stale") {
      if (!store.leads) return undefined;
      const fresh = store.freshen(consistency);
      // The request waits for the same confirmation in a later step, which answers with the error.
      if (fresh) return void fresh.catch(() => {});
    }
    return addContact(this.#sendAgain(known, request, target), cluster, consistency);
  }

  #addHeaders(response: Response): Response {
    for (const name in this.#headers) response.headers.set(name, this.#headers[name] ?? "");
    return response;
  }

  #dispatch(route: Route | undefined, request: Request, asked: Asked): Response | Promise<Response> {
    // Consul: a path with unprintable characters is a 400 without a body.
    if (!this.#allowsUnprintable && hasUnprintable(asked.path)) return new Response(null, { status: 400 });
    const redirect = this.#redirect(asked);
    if (redirect !== undefined) return moved(request.method, redirect + asked.query);
    if (!route) return new Response(null, { status: 404 });
    return this.#answerWith(route, request, asked);
  }

  async #answerWith(route: Route, request: Request, asked: Asked): Promise<Response> {
    const { target, path, caller, clientAddress } = asked;
    const startMs = this.#clock.monotonicMs();
    if (this.#blocked.some((prefix) => path.startsWith(prefix)))
      return text(403, "Endpoint is blocked by agent configuration");
    const endpoint = methodOf(route, request.method);
    if (!endpoint) return otherMethod(route, request.method);
    if (!isRead(request.method) && this.#mayWrite && !this.#mayWrite(clientAddress()))
      return text(403, "Access is restricted");
    if (this.#pagesOnlyRead && isPageWrite(request, path)) return text(403, pageWriteRefused);
    try {
      const read = new HttpRequest(request, target, {
        rest: path.slice(route.path.length),
        query: asked.query.slice(1),
        peerAddress: clientAddress,
        ...{ agentNode: asked.agentNode, agentToken: asked.agentToken, caller },
        largeAnswers: this.#largeAnswers,
        clock: this.#clock,
        isPretty: this.#isPretty,
      });
      return await answerByRoute(this.#pipeline, { route, endpoint }, read);
    } catch (error) {
      return this.#explain(error, request.method, { target, route });
    } finally {
      this.#metrics.took(route, request.method, this.#clock.monotonicMs() - startMs);
    }
  }

  #find(path: string): Route | undefined {
    if (path.startsWith(kvPath)) return this.#subtrees.get(kvPath);
    const exact = this.#exact.get(path);
    if (exact) return exact;
    for (let at = path.lastIndexOf("/"); at > 0; at = path.lastIndexOf("/", at - 1)) {
      const route = this.#subtrees.get(path.slice(0, at + 1));
      if (route) return route;
    }
    return undefined;
  }

  /**
   * Returns the location to which a path is redirected, or undefined if it is not redirected. Consul: a path with empty, "." or
   * ".." parts is redirected to the path without these parts, and a subtree's path without its final slash to the subtree. Paths
   * of keys are not redirected, since keys may have such parts.
   */
  #redirect({ path, parts }: Asked): string | undefined {
    if (path.startsWith(kvPath)) return undefined;
    const clean = cleanPath(parts);
    const place = clean ?? path;
    if (!this.#exact.has(place) && this.#subtrees.has(`${place}/`)) return `${place}/`;
    return clean;
  }

  #explain(error: unknown, method: string, asked: AskedRoute): Response {
    const { target } = asked;
    if (error instanceof HttpError && error.message === "") return new Response(null, { status: error.status });
    if (error instanceof HttpError) {
      const shown = this.#shown(error, error.status, asked);
      return text(shown.status, shown.text, error.headers);
    }
    if (error instanceof OperatingError) {
      const status = statusOf(error);
      if (status >= 500) this.#logError(error, method, target);
      if (isOfThisServer(error)) return text(status, error.message);
      const shown = this.#shown(error, status, asked);
      return text(shown.status, shown.text, status === 429 ? retryLater : {});
    }
    const url = hideTokens(target);
    this.#log.error("Request failed by a fault of the agent", { method, url, error: faultOf(error) });
    return text(500, "internal error: the agent's log says more");
  }

  /**
   * Returns an error's status and text. Consul: a server that does not lead has the errors of the store from the leader, except in
   * stale reads.
   */
  #shown({ message }: Error, status: number, { target, route }: AskedRoute): { status: number; text: string } {
    const isOwn =
      this.#isAlone ||
      this.#pipeline.store.leads ||
      (route.scope === "agent" && !target.startsWith(agentConnect)) ||
      message === noPath ||
      message === noLeaderText ||
      consistencyOfTarget(target) === "stale";
    return isOwn ? { status, text: message } : withHop({ status, text: message, target });
  }

  /** Logs an error. Disk errors fail every write, so each distinct disk error is logged at most once a minute. */
  #logError({ code, message: error }: OperatingError, method: string, target: string): void {
    const level = diskTroubles.has(code) && !this.#throttle.isNew(error) ? "debug" : "error";
    this.#log[level]("Request error", { method, url: hideTokens(target), error });
  }
}

/** Returns whether the error says that this server, and not the leader, cannot do what the client asks for. */
function isOfThisServer({ kind }: OperatingError): boolean {
  return kind === "unavailable" || kind === "timeout";
}

const tooManyTries =
  "Too many unknown tokens from your address: for a minute it may use only those that it has used before";
const retryLater = { "Retry-After": "60" };

const diskTroubles: ReadonlySet<string> = new Set(["disk-full", "disk-error", "store-stalled", "write-unconfirmed"]);

/** Returns the rights in the key of a kept answer; of a caller whose token does not exist, a text that no key has. */
function rightsKeyOf(caller: Caller): string {
  try {
    return caller.rightsKey;
  } catch {
    return "none";
  }
}

function askedOf(target: string, parts: readonly string[]): Pick<Asked, "target" | "path" | "parts" | "query"> {
  return { target, path: `/${parts.join("/")}`, parts, query: target.slice(pathOf(target).length) };
}

/** Returns whether Go's unicode.IsPrint is false for a character of the path. Tests for ASCII first, which is faster. */
function hasUnprintable(path: string): boolean {
  return !/^[ -~]*$/.test(path) && /[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/u.test(path);
}

/** Returns whether the path of a route includes all paths below it. The root path does not. */
function isSubtree(path: string): boolean {
  return path.endsWith("/") && path !== "/";
}

/** The requests to an agent that it passes on to the leader in Consul. */
const agentConnect = "/v1/agent/connect/";

/** The path of keys. It is tested before the search for the longest subtree, which is slow for keys with many parts. */
const kvPath = "/v1/kv/";

function isHeld({ held }: Route, query: string): boolean {
  return held === "stream" || (held !== undefined && query.includes(`${held}=`));
}

function isRead(method: string): boolean {
  return method === "GET" || method === "HEAD";
}

function methodOf(route: Route, method: string): Endpoint | DatacenterEndpoint | undefined {
  const any = route.scope === "datacenter" ? undefined : route.any;
  switch (method) {
    case "GET":
    case "PUT":
    case "POST":
    case "DELETE":
      return route.methods[method] ?? any;
    default:
      return any;
  }
}

function otherMethod(route: Route, method: string): Response {
  const headers = { Allow: ["OPTIONS", ...Object.keys(route.methods)].join(",") };
  return method === "OPTIONS" ? empty(200, headers) : text(405, `method ${method} not allowed`, headers);
}

function faultOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
