import { OperatingError } from "../lib/errors.ts";
import { compileFilter, type FilterFields } from "../lib/filter/compile-filter.ts";
import { queryIndex, waitForChange, type Query } from "../registry/query.ts";
import { renderGoJson } from "../wire/go-json.ts";
import type { Answer } from "./answer-cache.ts";
import { jsonText, type Headers } from "./answers.ts";
import type { Api } from "./api.ts";
import { HttpError } from "./http-error.ts";
import type { HttpRequest } from "./http-request.ts";
import { parseQueryOptions, requireDatacenter, type QueryOptions } from "./query-options.ts";

/** How a query's value becomes the body; undefined is a 404 with the same headers. */
export type Render<T> = (value: T) => string | undefined;

/**
 * Answers a read with everything that Consul's reads have: waiting for a change, the headers with the index, and one
 * rendering for all who ask the same.
 */
export async function answerQuery<T>(
  api: Api,
  request: HttpRequest,
  query: Query<T>,
  render: Render<T>,
): Promise<{ readonly answer: Answer; readonly headers: Headers; readonly options: QueryOptions }> {
  const options = parseQueryOptions(request.query);
  requireDatacenter(request.query, api.datacenter);
  const index = await readIndex(api, request, query, options);
  const asked = whatIsAsked(request, options);
  let answer = api.answers.get(asked);
  if (!answer) {
    const { state } = api.store;
    answer = { index: queryIndex(state, query.topics), body: render(query.read(state)) };
    api.answers.put(asked, query.topics, answer);
  }
  const headers = {
    "X-Consul-Index": String(Math.max(index, answer.index)),
    "X-Consul-Knownleader": "true",
    "X-Consul-Lastcontact": "0",
  };
  return { answer, headers, options };
}

/** A list of the catalog: each row encoded, those that the filter leaves out left out. */
export async function answerRows<T>(
  api: Api,
  request: HttpRequest,
  list: {
    readonly query: Query<readonly T[]>;
    readonly encode: (row: T) => object;
    readonly fields: FilterFields;
  },
): Promise<Response> {
  const accept = compile(request.query.get("filter"), list.fields);
  return answerCatalog(api, request, list.query, (rows) => rows.map(list.encode).filter(accept));
}

/** An answer of the catalog or of health: JSON with the header that tells how consistent it is. */
export async function answerCatalog<T>(
  api: Api,
  request: HttpRequest,
  query: Query<T>,
  encode: (value: T) => unknown,
): Promise<Response> {
  requireDatacenter(request.query, api.datacenter, failedReadHeaders);
  const render = (value: T): string => renderGoJson(encode(value), { pretty: request.pretty });
  const { answer, headers, options } = await answerQuery(api, request, query, render);
  return jsonText(request, answer.body ?? "null", {
    headers: { "X-Consul-Effective-Consistency": options.consistency, ...headers },
  });
}

/**
 * Turns `?filter=` into a test of encoded rows.
 * @throws HttpError 500 with Consul's words
 */
export function compile(expression: string | undefined, fields: FilterFields): (row: object) => boolean {
  if (expression === undefined || expression === "") return () => true;
  try {
    return compileFilter(expression, fields);
  } catch (error) {
    if (!(error instanceof OperatingError)) throw error;
    throw new HttpError(500, error.message, failedReadHeaders);
  }
}

/** Consul: a read that failed on its way shows these. */
const failedReadHeaders = {
  "X-Consul-Index": "1",
  "X-Consul-Knownleader": "false",
  "X-Consul-Lastcontact": "0",
} as const;

function readIndex<T>(
  api: Api,
  request: HttpRequest,
  query: Query<T>,
  options: QueryOptions,
): Promise<number> | number {
  if (options.index === 0) return 0;
  const { clock, random, waitLimits: limits } = api;
  const { index, waitMs } = options;
  return waitForChange(api.store, query.topics, { index, waitMs, signal: request.signal, limits, clock, random });
}

/** What the answer depends on: all of the request but how long it waits. */
function whatIsAsked(request: HttpRequest, options: QueryOptions): string {
  if (options.index === 0 && options.waitMs === undefined) return request.target;
  return request.target.replaceAll(/(?<=[?&])(index|wait)=[^&;]*/g, "");
}
