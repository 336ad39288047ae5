import type { Api, Endpoint } from "./api.ts";
import { parseCacheControl } from "./cache-control.ts";
import type { CachedQuestions } from "./cached-questions.ts";
import type { HttpRequest } from "./http-request.ts";
import { parseWaiting } from "./query-options.ts";

/*
 * Endpoints that take `?cached`. The cache itself is never what is answered from (see CachedQuestions): these say with
 * the headers X-Cache and Age what Consul's agent would say of its own.
 */

interface Cached {
  readonly questions: CachedQuestions;
  /** What Consul calls this kind of question. */
  readonly type: string;
  readonly endpoint: Endpoint;
}

/** Background refresh: once asked, a question is followed, and the answer to it is at hand, never old. */
export function refreshedInBackground(api: Api, type: string, endpoint: Endpoint): Endpoint {
  return (request) => {
    const { cachedQuestions: questions } = api;
    if (!questions || !request.query.has("cached")) return endpoint(request);
    return answerRefreshed(request, { questions, type, endpoint });
  };
}

/** Simple caching: the answer to a question ages until somebody wants it younger. */
export function simplyCached(api: Api, type: string, endpoint: Endpoint): Endpoint {
  return (request) => {
    const { cachedQuestions: questions } = api;
    if (!questions || !request.query.has("cached")) return endpoint(request);
    return answerSimple(request, { questions, type, endpoint });
  };
}

async function answerRefreshed(request: HttpRequest, { questions, type, endpoint }: Cached): Promise<Response> {
  const { index } = parseWaiting(request.query);
  const question = questionOf(request);
  if (questions.ageMs(question) !== undefined) {
    const current = await endpoint(request.without("cached", "index", "wait"));
    if (index === 0 || Number(current.headers.get("X-Consul-Index")) > index) {
      questions.count(type, "hit");
      return hit(current, 0);
    }
  }
  questions.count(type, index === 0 ? "miss_new" : "miss_block");
  return missed(request, { questions, type, endpoint });
}

function answerSimple(request: HttpRequest, cached: Cached): Response | Promise<Response> {
  const { questions, type, endpoint } = cached;
  const { maxAgeMs, mustRevalidate } = parseCacheControl(request.raw.headers.get("cache-control"));
  const ageMs = questions.ageMs(questionOf(request));
  if (ageMs === undefined || mustRevalidate || (maxAgeMs !== 0 && ageMs > maxAgeMs)) {
    questions.count(type, "miss_new");
    return missed(request, cached);
  }
  questions.count(type, "hit");
  const answer = endpoint(request.without("cached"));
  return answer instanceof Promise ? answer.then((current) => hit(current, ageMs)) : hit(answer, ageMs);
}

/** What cannot be answered throws, and is not known the next time. */
async function missed(request: HttpRequest, { questions, endpoint }: Cached): Promise<Response> {
  const answer = await endpoint(request.without("cached"));
  questions.keep(questionOf(request));
  answer.headers.set("X-Cache", "MISS");
  return answer;
}

function hit(answer: Response, ageMs: number): Response {
  answer.headers.set("X-Cache", "HIT");
  answer.headers.set("Age", (ageMs / 1000).toFixed(0));
  return answer;
}

/** Consul: what only shapes or sorts the answer (`passing`, `near`, `pretty`), or where it comes from, is not in question. */
function questionOf({ target, query }: HttpRequest): string {
  const path = target.slice(0, target.indexOf("?"));
  const asked = ["filter", "node-meta", "tag"].map((name) => query.all(name).toSorted());
  return JSON.stringify([path, ...asked]);
}
