import { OperatingError } from "../lib/errors.ts";
import type { Clock } from "../lib/clock.ts";
import type { Log } from "../lib/log.ts";
import type { Metrics } from "../lib/metrics.ts";
import { ToldLately } from "../lib/told-lately.ts";
import type { AnswerCache, KeptAnswer } from "./answer-cache.ts";
import { empty, sendWhole, text } from "./answers.ts";
import type { Endpoint, Route } from "./api.ts";
import { cleanPath } from "./clean-path.ts";
import { type ClientLimit, mayBeHeld } from "./client-limit.ts";
import { checkCommonParameters } from "./common-parameters.ts";
import { escapeHtml } from "./html.ts";
import { HttpError, statusOf } from "./http-error.ts";
import { HttpMetrics } from "./http-metrics.ts";
import { decodePath, HttpRequest } from "./http-request.ts";
import { isLarge, LargeAnswers } from "./large-answers.ts";
import { refuseNamespace } from "./namespaces.ts";

export interface RouterOptions {
  readonly answers: AnswerCache;
  readonly clientLimit: ClientLimit;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly clock: Clock;
  readonly headers: Readonly<Record<string, string>>;
  /** JSON is indented for every client. Consul: in development mode. */
  readonly isPretty: boolean;
  /** Beginnings of paths that are refused. */
  readonly blocked: readonly string[];
  /** Whether who comes from there may change anything; undefined lets everybody. */
  readonly mayWrite: ((clientAddress: string | undefined) => boolean) | undefined;
}

type ClientAddress = () => string | undefined;

interface Asked {
  /** Path and query. */
  readonly target: string;
  readonly path: string;
  readonly clientAddress: ClientAddress;
}

/**
 * Finds the endpoint of a request and answers for what goes wrong: unknown paths, other methods, bad input, faults.
 * Paths are matched as Consul's (Go's) server matches them: the exact path, else the longest subtree above it.
 */
export class Router {
  readonly #exact = new Map<string, Route>();
  readonly #subtrees = new Map<string, Route>();
  readonly #log: Log;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #blocked: readonly string[];
  readonly #mayWrite: RouterOptions["mayWrite"];
  readonly #answers: AnswerCache;
  readonly #clientLimit: ClientLimit;
  readonly #largeAnswers = new LargeAnswers();
  readonly #clock: Clock;
  readonly #isPretty: boolean;
  readonly #told: ToldLately;
  readonly #metrics: HttpMetrics;

  constructor(routes: readonly Route[], options: RouterOptions) {
    for (const route of routes) (isSubtree(route.path) ? this.#subtrees : this.#exact).set(route.path, route);
    this.#log = options.log;
    this.#headers = options.headers;
    this.#blocked = options.blocked;
    this.#mayWrite = options.mayWrite;
    this.#answers = options.answers;
    this.#clientLimit = options.clientLimit;
    this.#clock = options.clock;
    this.#isPretty = options.isPretty;
    this.#told = new ToldLately(options.clock);
    this.#metrics = new HttpMetrics(options.metrics, routes);
  }

  /** @param clientAddress the IP address that the request comes from; undefined on a unix socket */
  handle(request: Request, clientAddress: ClientAddress): Response | Promise<Response> {
    const target = targetOf(request.url);
    // The way of nearly all reads: somebody has asked the same, and nothing has changed since.
    const known = request.method === "GET" ? this.#answers.get(target) : undefined;
    if (known && !isLarge(known.body)) return this.#sendAgain(known, request, target);
    const answer = (): Promise<Response> => this.#answer(request, target, clientAddress);
    // All other reads are answered before the next request is looked at.
    if (request.method === "GET" && !mayBeHeld(target)) return answer();
    return this.#clientLimit.answer(clientAddress, request, answer);
  }

  #sendAgain(known: KeptAnswer, request: Request, target: string): Response {
    const repeats = (known.repeats ??= this.#metrics.repeatsOf(this.#find(pathOf(target))));
    const startMs = repeats.isDue ? this.#clock.monotonicMs() : undefined;
    const response = this.#addHeaders(sendWhole(known, request));
    repeats.add(startMs === undefined ? undefined : this.#clock.monotonicMs() - startMs);
    return response;
  }

  async #answer(request: Request, target: string, clientAddress: ClientAddress): Promise<Response> {
    return this.#addHeaders(await this.#dispatch(request, target, clientAddress));
  }

  #addHeaders(response: Response): Response {
    for (const name in this.#headers) response.headers.set(name, this.#headers[name] ?? "");
    return response;
  }

  #dispatch(request: Request, target: string, clientAddress: ClientAddress): Response | Promise<Response> {
    const path = pathOf(target);
    try {
      const elsewhere = this.#elsewhere(path);
      if (elsewhere !== undefined) return moved(request.method, elsewhere + target.slice(path.length));
    } catch (error) {
      return this.#explain(error, request.method, target);
    }
    const route = this.#find(path);
    if (!route) return new Response(null, { status: 404 });
    return this.#answerWith(route, request, { target, path, clientAddress });
  }

  async #answerWith(route: Route, request: Request, { target, path, clientAddress }: Asked): Promise<Response> {
    const startMs = this.#clock.monotonicMs();
    if (this.#blocked.some((prefix) => path.startsWith(prefix)))
      return text(403, "Endpoint is blocked by agent configuration");
    const endpoint = methodOf(route, request.method);
    if (!endpoint) return otherMethod(route, request.method);
    if (request.method !== "GET" && this.#mayWrite && !this.#mayWrite(clientAddress()))
      return text(403, "Access is restricted");
    try {
      const rest = decodePath(path.slice(route.path.length));
      const query = target.slice(path.length + 1);
      const asked = new HttpRequest(request, target, {
        ...{ rest, query, peerAddress: clientAddress },
        ...{ largeAnswers: this.#largeAnswers, clock: this.#clock, isPretty: this.#isPretty },
      });
      checkCommonParameters(route.path, request.method, asked);
      refuseNamespace(path, asked);
      return await endpoint(asked);
    } catch (error) {
      return this.#explain(error, request.method, target);
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
   * Where a path leads that is not asked as it should be. Consul: a path with empty or dotted parts leads to the clean
   * one, and a subtree named without its slash to the subtree, even where nothing is. A key may have such parts.
   */
  #elsewhere(path: string): string | undefined {
    if (path.startsWith(kvPath)) return undefined;
    const clean = cleanPath(decodePath(path));
    const place = clean ?? path;
    if (!this.#exact.has(place) && this.#subtrees.has(`${place}/`)) return `${place}/`;
    return clean;
  }

  #explain(error: unknown, method: string, target: string): Response {
    if (error instanceof HttpError && error.message === "") return new Response(null, { status: error.status });
    if (error instanceof HttpError) return text(error.status, error.message, error.headers);
    if (error instanceof OperatingError) {
      const status = statusOf(error);
      if (status >= 500) this.#tell(error, method, target);
      return text(status, error.message);
    }
    this.#log.error("Request failed by a fault of the agent", { method, url: target, error: faultOf(error) });
    return text(500, "internal error: the agent's log says more");
  }

  /** What ails the disk ails each write: that is said now and then, not each time. */
  #tell({ code, message: error }: OperatingError, method: string, url: string): void {
    const level = diskTroubles.has(code) && !this.#told.isNew(error) ? "debug" : "error";
    this.#log[level]("Request error", { method, url, error });
  }
}

const diskTroubles: ReadonlySet<string> = new Set(["disk-full", "disk-error", "store-stalled", "write-unconfirmed"]);

/** Path and query. A request without a usable Host has nothing before them. */
function targetOf(url: string): string {
  return url.startsWith("/") ? url : url.slice(url.indexOf("/", url.indexOf("://") + 3));
}

function pathOf(target: string): string {
  const queryAt = target.indexOf("?");
  return queryAt < 0 ? target : target.slice(0, queryAt);
}

/** The root itself does not take in what nothing else does. */
function isSubtree(path: string): boolean {
  return path.endsWith("/") && path !== "/";
}

/** Keys may be long and have many parts: their subtree is found without looking for a longer one. */
const kvPath = "/v1/kv/";

function moved(method: string, location: string): Response {
  const headers = { Location: location };
  if (method !== "GET" && method !== "HEAD") return new Response(null, { status: 301, headers });
  const body = `<a href="${escapeHtml(location)}">Moved Permanently</a>.\n\n`;
  return new Response(body, { status: 301, headers: { ...headers, "Content-Type": "text/html; charset=utf-8" } });
}

function methodOf({ methods, any }: Route, method: string): Endpoint | undefined {
  switch (method) {
    case "GET":
    case "PUT":
    case "POST":
    case "DELETE":
      return methods[method] ?? any;
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
