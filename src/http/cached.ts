import type { CachedQuestions } from "./cached-questions.ts";
import { failedReadHeaders, HttpError } from "./http-error.ts";
import type { HttpRequest } from "./http-request.ts";
import type { ConsulCache } from "./route.ts";

/*
 * Answers requests with `?cached`, always from the state of this server (see CachedQuestions). Another server of a cluster may
 * have a newer state, as in Consul, where the cache is a copy too; so a cached read works without a leader. The headers X-Cache and Age have the
 * values that Consul's agent would send.
 */

/** Returns the cache settings of a list that Consul's agent refreshes in the background. */
export function refreshed(type: string): ConsulCache {
  return { kind: "refreshed", type, parameters: ["filter", "node-meta", "tag"] };
}

interface Cached extends ConsulCache {
  readonly questions: CachedQuestions;
  /** Answers from the current state. */
  readonly answer: (request: HttpRequest) => Promise<Response>;
  /** Whether this server stands alone. */
  readonly isAlone: boolean;
}

export function answerFromCache(request: HttpRequest, cached: Cached): Promise<Response> {
  return cached.kind === "refreshed"
    ? answerRefreshed(request, cached)
    : answerSimple(request, cached).catch(rethrowAsFailure);
}

async function answerRefreshed(request: HttpRequest, cached: Cached): Promise<Response> {
  const { questions, type } = cached;
  const { index } = request.queryOptions();
  if (questions.ageMs(questionOf(request, cached)) !== undefined) {
    const current = await answerHere(request.without("cached", "index", "wait"), cached);
    if (index === 0 || Number(current.headers.get("X-Consul-Index")) > index) {
      questions.count(type, "hit");
      return hit(current, 0);
    }
  }
  questions.count(type, index === 0 ? "miss_new" : "miss_block");
  return missed(request, cached);
}

async function answerSimple(request: HttpRequest, cached: Cached): Promise<Response> {
  const { questions, type } = cached;
  const { maxAgeMs, mustRevalidate } = request.cacheControl();
  const ageMs = questions.ageMs(questionOf(request, cached));
  if (ageMs === undefined || mustRevalidate || (maxAgeMs !== 0 && ageMs > maxAgeMs)) {
    questions.count(type, "miss_new");
    return missed(request, cached);
  }
  questions.count(type, "hit");
  return hit(await answerHere(request.without("cached"), cached), ageMs);
}

/** Answers without asking the leader. Consul: the headers name the consistency of the request that filled the cache. */
async function answerHere(request: HttpRequest, { answer, isAlone }: Cached): Promise<Response> {
  if (isAlone || request.queryOptions().consistency === "stale") return answer(request);
  const response = await answer(request.asStale());
  const consistency = "X-Consul-Effective-Consistency";
  if (response.headers.has(consistency)) response.headers.set(consistency, request.queryOptions().consistency);
  return response;
}

/** Throws a 404 as a 500, and any other error unchanged. Consul: every failed fetch by the cache is a 500. */
function rethrowAsFailure(error: unknown): never {
  if (!(error instanceof HttpError) || error.status !== 404) throw error;
  throw new HttpError(500, error.message, failedReadHeaders);
}

/** Answers a request that is not remembered, and remembers the request unless its answer is an error. */
async function missed(request: HttpRequest, cached: Cached): Promise<Response> {
  const answer = await cached.answer(request.without("cached"));
  cached.questions.keep(questionOf(request, cached));
  answer.headers.set("X-Cache", "MISS");
  return answer;
}

function hit(answer: Response, ageMs: number): Response {
  answer.headers.set("X-Cache", "HIT");
  answer.headers.set("Age", (ageMs / 1000).toFixed(0));
  return answer;
}

function questionOf({ target, query }: HttpRequest, { parameters }: ConsulCache): string {
  const path = target.slice(0, target.indexOf("?"));
  const asked = parameters.map((name) => query.all(name).toSorted());
  return JSON.stringify([path, ...asked]);
}
