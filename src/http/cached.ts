import type { Api, Endpoint } from "./api.ts";
import { parseCacheControl } from "./cache-control.ts";
import type { CachedQuestions } from "./cached-questions.ts";
import { HttpError } from "./http-error.ts";
import type { HttpRequest } from "./http-request.ts";
import { parseWaiting } from "./query-options.ts";
import { failedReadHeaders } from "./read.ts";

/*
 * Endpoints that take `?cached`. The cache itself is never what is answered from (see CachedQuestions): these say with
 * the headers X-Cache and Age what Consul's agent would say of its own.
 */

interface Kind {
  /** What Consul calls this kind of question. */
  readonly type: string;
  /**
   * What makes another question of a path. Consul: what only shapes or sorts the answer (`passing`, `near`, `pretty`), or
   * where it comes from, does not.
   */
  readonly parameters: readonly string[];
}

interface Cached extends Kind {
  readonly questions: CachedQuestions;
  readonly endpoint: Endpoint;
}

const listParameters = ["filter", "node-meta", "tag"];

/** Background refresh: once asked, a question is followed, and the answer to it is at hand, never old. */
export function refreshedInBackground(api: Api, type: string, endpoint: Endpoint): Endpoint {
  return (request) => {
    const { cachedQuestions: questions } = api;
    if (!questions || !request.query.has("cached")) return endpoint(request);
    return answerRefreshed(request, { questions, type, parameters: listParameters, endpoint });
  };
}

/** Simple caching: the answer to a question ages until somebody wants it younger. */
export function simplyCached(api: Api, kind: Kind, endpoint: Endpoint): Endpoint {
  return (request) => {
    const { cachedQuestions: questions } = api;
    if (!questions || !request.query.has("cached")) return endpoint(request);
    return answerSimple(request, { ...kind, questions, endpoint }).catch(rethrowAsFailure);
  };
}

async function answerRefreshed(request: HttpRequest, cached: Cached): Promise<Response> {
  const { questions, type, endpoint } = cached;
  const { index } = parseWaiting(request.query);
  if (questions.ageMs(questionOf(request, cached)) !== undefined) {
    const current = await endpoint(request.without("cached", "index", "wait"));
    if (index === 0 || Number(current.headers.get("X-Consul-Index")) > index) {
      questions.count(type, "hit");
      return hit(current, 0);
    }
  }
  questions.count(type, index === 0 ? "miss_new" : "miss_block");
  return missed(request, cached);
}

async function answerSimple(request: HttpRequest, cached: Cached): Promise<Response> {
  const { questions, type, endpoint } = cached;
  const { maxAgeMs, mustRevalidate } = parseCacheControl(request.raw.headers.get("cache-control"));
  const ageMs = questions.ageMs(questionOf(request, cached));
  if (ageMs === undefined || mustRevalidate || (maxAgeMs !== 0 && ageMs > maxAgeMs)) {
    questions.count(type, "miss_new");
    return missed(request, cached);
  }
  questions.count(type, "hit");
  return hit(await endpoint(request.without("cached")), ageMs);
}

/** Consul: what its cache cannot get is a failure, also what is not there. */
function rethrowAsFailure(error: unknown): never {
  if (!(error instanceof HttpError) || error.status !== 404) throw error;
  throw new HttpError(500, error.message, failedReadHeaders);
}

/** What cannot be answered throws, and is not known the next time. */
async function missed(request: HttpRequest, cached: Cached): Promise<Response> {
  const answer = await cached.endpoint(request.without("cached"));
  cached.questions.keep(questionOf(request, cached));
  answer.headers.set("X-Cache", "MISS");
  return answer;
}

function hit(answer: Response, ageMs: number): Response {
  answer.headers.set("X-Cache", "HIT");
  answer.headers.set("Age", (ageMs / 1000).toFixed(0));
  return answer;
}

function questionOf({ target, query }: HttpRequest, { parameters }: Kind): string {
  const path = target.slice(0, target.indexOf("?"));
  const asked = parameters.map((name) => query.all(name).toSorted());
  return JSON.stringify([path, ...asked]);
}
