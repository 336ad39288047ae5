import type { Rights } from "../acl/rights.ts";
import { messageOf, OperatingError } from "../lib/errors.ts";
import type { Callers } from "../registry/caller.ts";
import { isNoLeader } from "../registry/leader-wait.ts";
import { permissionDenied } from "../registry/permissions.ts";
import { answerFromCache } from "./cached.ts";
import type { CachedQuestions } from "./cached-questions.ts";
import { failedReadHeaders, HttpError } from "./http-error.ts";
import type { HttpRequest } from "./http-request.ts";
import { parseConsistency } from "./query-options.ts";
import type { ConsulCache, DatacenterEndpoint, Endpoint, Permission, Reading, Route } from "./route.ts";

/*
 * A request whose route is known passes these steps, in Consul's order. Each step may end the request with an error.
 *
 *   1. options      consistency, wait, index
 *   2. cache        Cache-Control, if `?cached` is given
 *   3. namespace    refused, since namespaces are not supported
 *   4. access       in the agent's scope: the caller's token, and the permission that the route asks for
 *   5. endpoint     reads path, parameters and body. In the agent's scope it answers, and steps 6 to 8 do not follow
 *   6. datacenter   `?dc`, if given, must name this datacenter
 *   7. access       as step 4, in the datacenter's scope: there Consul's servers ask for it, and its agent reads the request before
 *   8. operation    a write; or a read: wait, read, near, filter, render (read.ts)
 *
 * In steps 5 and 8 the caller's registry leaves out what the caller may not read, and refuses what it may not write.
 */

export interface Pipeline extends Reading {
  readonly callers: Callers;
  readonly datacenter: string;
  /** Remembers the requests with `?cached`, for the X-Cache and Age headers; undefined if `?cached` has no effect. */
  readonly cachedQuestions: CachedQuestions | undefined;
}

interface Chosen {
  readonly route: Route;
  /** The endpoint that the route has for the request's method. */
  readonly endpoint: Endpoint | DatacenterEndpoint;
}

/** Answers a request whose route and endpoint are known, in the steps above. @throws HttpError, OperatingError */
export function answerByRoute(pipeline: Pipeline, chosen: Chosen, request: HttpRequest): Promise<Response> {
  const { route } = chosen;
  checkCommonParameters(route, request);
  if (route.scope !== "datacenter") checkAccess(route, request, pipeline.agent.node.name);
  const { cachedQuestions: questions } = pipeline;
  const cache = questions && cacheOf(route, request);
  if (!cache) return answer(pipeline, chosen, request);
  return answerFromCache(request, {
    ...{ ...cache, questions, answer: (asked) => answer(pipeline, chosen, asked) },
    isAlone: pipeline.cluster.isAlone,
  });
}

function cacheOf({ consulCache }: Route, { method, query, rest }: HttpRequest): ConsulCache | undefined {
  if (!consulCache || method !== "GET" || !query.has("cached")) return undefined;
  return `/${rest}`.endsWith(consulCache.pathEnd ?? "") ? consulCache : undefined;
}

function checkCommonParameters(route: Route, request: HttpRequest): void {
  if (request.query.hasAny) {
    checkOptions(route, request);
    if (request.method === "GET" && request.query.has("cached")) request.cacheControl();
  }
  if (route.namespaced) refuseNamespace(request);
}

function checkOptions({ options, scope }: Route, request: HttpRequest): void {
  if (options === "consistency") parseConsistency(request.query);
  else if ((options ?? optionsIn[scope]).includes(request.method)) request.queryOptions();
}

/** @throws OperatingError forbidden */
function checkAccess({ access }: Route, { caller, method }: HttpRequest, ownNode: string): void {
  const asked = typeof access === "string" ? access : (access[method] ?? "token");
  if (asked === "open" || asked === "endpoint") return;
  const { rights } = caller;
  if (asked !== "token" && !mayAsAsked(rights, asked, ownNode)) throw permissionDenied();
}

function mayAsAsked(rights: Rights, asked: Permission, ownNode: string): boolean {
  switch (asked) {
    case "acl:write":
      return rights.may("acl", "write");
    case "agent:read":
      return rights.may("agent", "read", ownNode);
    case "agent:write":
      return rights.may("agent", "write", ownNode);
    case "operator:read":
      return rights.may("operator", "read");
    case "operator:write":
      return rights.may("operator", "write");
  }
}

const optionsIn: Readonly<Record<Route["scope"], readonly string[]>> = { agent: [], body: [], datacenter: ["GET"] };

/** Refuses a namespace, as Consul without its enterprise features does. Does not read the header of a GET, to save time. */
function refuseNamespace({ method, query, raw }: HttpRequest): void {
  const named = (query.get("ns") ?? "") !== "";
  const headed = method !== "GET" && (raw.headers.get("x-consul-namespace") ?? "") !== "";
  if (!named && !headed) return;
  const where = headed ? 'header: "X-Consul-Namespace"' : 'query parameter: "ns"';
  throw new HttpError(400, `Bad request: Invalid ${where} - Namespaces are a Consul Enterprise feature`);
}

async function answer(pipeline: Pipeline, { route, endpoint }: Chosen, request: HttpRequest): Promise<Response> {
  const given = endpoint(request);
  // An endpoint that reads no body returns no promise, so that its operation runs in this turn of the event loop.
  const outcome = given instanceof Promise ? await given : given;
  if (outcome instanceof Response) return outcome;
  try {
    checkDatacenter(route, request, pipeline.datacenter);
    checkAccess(route, request, pipeline.agent.node.name);
    return await outcome(pipeline);
  } catch (error) {
    throw request.method === "GET" && "failsWithMeta" in route ? withMeta(error) : error;
  }
}

function withMeta(error: unknown): unknown {
  if (error instanceof OperatingError && error.kind === "forbidden")
    return new HttpError(403, error.message, failedReadHeaders);
  const isFailure = error instanceof HttpError ? error.status === 500 : isNoLeader(error);
  return isFailure ? new HttpError(500, messageOf(error), failedReadHeaders) : error;
}

/** Consul's error text for a datacenter that no server knows. */
export const noPath = "No path to datacenter";

/** Checks that `?dc` is absent or names this datacenter. @throws HttpError 500 if it names another datacenter */
function checkDatacenter(route: Route, { method, query }: HttpRequest, datacenter: string): void {
  const asked = query.get("dc") ?? "";
  if (asked === "" || asked === datacenter) return;
  if ("inPrimary" in route && route.inPrimary?.some((each) => each === method)) return;
  throw new HttpError(500, noPath);
}
