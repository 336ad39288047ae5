import { OperatingError } from "../lib/errors.ts";
import { compileFilter, type FilterFields } from "../lib/filter/compile-filter.ts";
import type { OfNode } from "../registry/nearness.ts";
import { waitForChange, type Query } from "../registry/query.ts";
import { renderGoJson } from "../wire/go-json.ts";
import type { KeptAnswer } from "./answer-cache.ts";
import { jsonHeaders, send, type HeaderFields } from "./answers.ts";
import type { Api } from "./api.ts";
import { HttpError } from "./http-error.ts";
import type { HttpRequest } from "./http-request.ts";
import { isLarge } from "./large-answers.ts";
import { parseQueryOptions, requireDatacenter, type QueryOptions } from "./query-options.ts";

/** How a query's value becomes what is sent; a body that is undefined is a 404 with the same headers of the index. */
export interface Rendering<T> {
  /** For whom it is, when others who ask the same are answered otherwise. */
  readonly reader?: string;
  readonly headers: HeaderFields;
  /** false: each read is looked at anew, since asking may itself change the answer. */
  readonly isKept?: boolean;
  /** What the 404 says, in plain text; nothing unless given. */
  readonly missing?: string;
  body(value: T): string | Uint8Array<ArrayBuffer> | undefined;
}

/**
 * Answers a read with everything that Consul's reads have: waiting for a change, the headers with the index, and one
 * rendering for all who ask the same. Answers at once when there is nothing to wait for.
 */
export function answerQuery<T>(
  api: Api,
  request: HttpRequest,
  query: Query<T>,
  rendering: Rendering<T>,
): Response | Promise<Response> {
  const options = parseQueryOptions(request.query);
  requireDatacenter(request.query, api.datacenter);
  const asked = whatIsAsked(request, options) + forReader(rendering);
  if (options.index === 0) return answerNow(api, request, { asked, query, rendering });
  return waitThenAnswer(api, request, { asked, options, query, rendering });
}

async function waitThenAnswer<T>(
  api: Api,
  request: HttpRequest,
  { asked, options, query, rendering }: Asked<T> & { readonly asked: string; readonly options: QueryOptions },
): Promise<Response> {
  const { clock, random, waitLimits: limits } = api;
  const { index, waitMs } = options;
  const { signal } = request;
  await waitForChange(api.store, query.topics, { index, waitMs, limits, signal, clock, random });
  return answerNow(api, request, { asked, query, rendering });
}

interface Now<T> extends Asked<T> {
  readonly asked: string;
}

/** What there is to tell now; a large answer when the client has read enough of those before. */
function answerNow<T>(api: Api, request: HttpRequest, now: Now<T>): Response | Promise<Response> {
  const answer = currentAnswer(api, now);
  const room = isLarge(answer.body) ? roomFor(answer.body?.length ?? 0, request) : undefined;
  if (room !== undefined)
    return room.then(() => (request.signal.aborted ? new Response() : answerNow(api, request, now)));
  return send(answer, request);
}

/** Resolves when there is room for a large answer; undefined when there is. */
function roomFor(bytes: number, { largeAnswers, peer, signal }: HttpRequest): Promise<void> | undefined {
  return signal.aborted || largeAnswers.hasRoom(peer, bytes) ? undefined : largeAnswers.room(peer, bytes, signal);
}

interface Asked<T> {
  readonly query: Query<T>;
  readonly rendering: Rendering<T>;
}

function currentAnswer<T>(api: Api, { asked, query, rendering }: Now<T>): KeptAnswer {
  const known = api.answers.get(asked);
  if (known) return known;
  const index = api.store.indexOf(query.topics);
  const found = rendering.body(query.read(api.store.state));
  const shown =
    found === undefined ? notFound(rendering) : { status: 200, headers: rendering.headers, body: readyToSend(found) };
  const answer = {
    ...shown,
    headers: new Headers({
      ...shown.headers,
      "X-Consul-Index": String(index),
      "X-Consul-Knownleader": "true",
      "X-Consul-Lastcontact": "0",
    }),
  };
  if (rendering.isKept !== false) api.answers.put(asked, query.topics, answer);
  return answer;
}

/** A large answer that many ask for is put into bytes once. */
function readyToSend(body: string | Uint8Array<ArrayBuffer>): string | Uint8Array<ArrayBuffer> {
  return typeof body === "string" && isLarge(body) ? Buffer.from(body) : body;
}

function notFound({ missing }: Rendering<never>) {
  const type = missing === undefined ? {} : { "Content-Type": "text/plain; charset=utf-8" };
  return { status: 404, headers: { Vary: "Accept-Encoding", ...type }, body: missing ?? null };
}

/** A list of the catalog: each row encoded, those that the filter leaves out left out; with `?near=` near ones first. */
export function answerRows<T extends OfNode>(
  api: Api,
  request: HttpRequest,
  list: {
    readonly query: Query<readonly T[]>;
    readonly encode: (row: T) => object;
    readonly fields: FilterFields;
  },
): Response | Promise<Response> {
  const accept = compile(request.query.get("filter"), list.fields);
  const query = inOrder(api, request.query.get("near"), list.query);
  return answerCatalog(api, request, query, (rows) => rows.map(list.encode).filter(accept));
}

/** Consul: `_ip`, the caller's own node, is known to prepared queries only; here it is the name of a node like others. */
function inOrder<T extends OfNode>(
  { agent, nearness }: Api,
  near: string | undefined,
  query: Query<readonly T[]>,
): Query<readonly T[]> {
  if (near === undefined || near === "") return query;
  return nearness.order(query, near === "_agent" ? agent.node.name : near);
}

/** An answer of the catalog or of health: JSON with the header that tells how consistent it is. */
export function answerCatalog<T>(
  api: Api,
  request: HttpRequest,
  query: Query<T>,
  encode: (value: T) => unknown,
): Response | Promise<Response> {
  requireDatacenter(request.query, api.datacenter, failedReadHeaders);
  const { consistency } = parseQueryOptions(request.query);
  return answerQuery(api, request, query, {
    headers: { ...jsonHeaders, "X-Consul-Effective-Consistency": consistency },
    body: (value) => renderGoJson(encode(value), { pretty: request.pretty }),
  });
}

/**
 * Turns `?filter=` into a test of encoded rows.
 * @throws HttpError 500 with Consul's words
 */
export function compile(
  expression: string | undefined,
  fields: FilterFields,
  headers: HeaderFields = failedReadHeaders,
): (row: object) => boolean {
  if (expression === undefined || expression === "") return () => true;
  try {
    return compileFilter(expression, fields);
  } catch (error) {
    if (!(error instanceof OperatingError)) throw error;
    throw new HttpError(500, error.message, headers);
  }
}

/** Consul: a read that failed on its way shows these. */
export const failedReadHeaders: HeaderFields = {
  "X-Consul-Index": "1",
  "X-Consul-Knownleader": "false",
  "X-Consul-Lastcontact": "0",
};

/** Such an answer is not found by its target alone, which is all that the router looks at. */
function forReader({ reader }: Rendering<never>): string {
  return reader === undefined ? "" : ` for ${reader}`;
}

/** What the answer depends on: all of the request but how long it waits. */
function whatIsAsked(request: HttpRequest, options: QueryOptions): string {
  if (options.index === 0 && options.waitMs === undefined) return request.target;
  return request.without("index", "wait").target;
}
