import { OperatingError } from "../lib/errors.ts";
import { compileFilter, type FilterFields } from "../lib/filter/compile-filter.ts";
import type { OfNode } from "../registry/nearness.ts";
import { waitForChange, type Query } from "../registry/query.ts";
import { renderGoJson } from "../wire/go-json.ts";
import { answerKey, anyone, type KeptAnswer } from "./answer-cache.ts";
import { jsonHeaders, send, type HeaderFields } from "./answers.ts";
import { HttpError } from "./http-error.ts";
import type { HttpRequest } from "./http-request.ts";
import { isLarge } from "./large-answers.ts";
import type { Operation, Reading } from "./route.ts";

/*
 * A read of the datacenter, the last step of the order in answer-by-route.ts. The filter is compiled first, so that a
 * wrong one is an error at once; then
 *
 *   wait     until the index of the query's topics is above the client's, for as long as the client says
 *   read     rows of the state; a kept answer replaces this and all that follows
 *   near     the rows of near nodes first
 *   filter   on encoded rows
 *   render   kept until a topic of the query is touched
 */

/** How a query's value is sent; a body that is undefined is a 404 with the same index headers. */
export interface Rendering<T> {
  /** Names the kind of client, where clients that send the same target get different answers. */
  readonly reader?: string;
  readonly headers: HeaderFields;
  /** false: the answer is not kept, since a read may itself change it. */
  readonly isKept?: boolean;
  /** The text of the 404; none unless given. */
  readonly missing?: string;
  body(value: T): string | Uint8Array<ArrayBuffer> | undefined;
}

/** One read: the rows and their rendering, under the key of the kept answer. */
interface Read<T> {
  readonly query: Query<T>;
  readonly rendering: Rendering<T>;
  readonly key: string;
}

/** Waits as a blocking query does, and answers with the index headers. Answers in this tick if it need not wait. */
export function answerQuery<T>(request: HttpRequest, query: Query<T>, rendering: Rendering<T>): Operation {
  return (reading) => {
    const read = { query, rendering, key: keyOf(request, rendering) };
    return request.queryOptions().index === 0
      ? answerNow(reading, request, read)
      : waitThenAnswer(reading, request, read);
  };
}

async function waitThenAnswer<T>(reading: Reading, request: HttpRequest, read: Read<T>): Promise<Response> {
  const { store, clock, random, waitLimits: limits } = reading;
  const { index, waitMs } = request.queryOptions();
  await waitForChange(store, read.query.topics, { index, waitMs, limits, signal: request.signal, clock, random });
  return answerNow(reading, request, read);
}

/** A large answer waits until the client has read enough of those before. */
function answerNow<T>(reading: Reading, request: HttpRequest, read: Read<T>): Response | Promise<Response> {
  const answer = currentAnswer(reading, read);
  const room = isLarge(answer.body) ? roomFor(answer.body?.length ?? 0, request) : undefined;
  if (room !== undefined)
    return room.then(() => (request.signal.aborted ? new Response() : answerNow(reading, request, read)));
  return send(answer, request);
}

/** Resolves when there is room for a large answer; undefined if there is already. */
function roomFor(bytes: number, { largeAnswers, peer, signal }: HttpRequest): Promise<void> | undefined {
  return signal.aborted || largeAnswers.hasRoom(peer, bytes) ? undefined : largeAnswers.room(peer, bytes, signal);
}

function currentAnswer<T>({ answers, reader, store }: Reading, { key, query, rendering }: Read<T>): KeptAnswer {
  const known = answers.get(key);
  if (known) return known;
  const index = store.indexOf(query.topics);
  const found = rendering.body(reader.read(query));
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
  if (rendering.isKept !== false) answers.put(key, query.topics, answer);
  return answer;
}

/** Encodes a large answer once for all clients. */
function readyToSend(body: string | Uint8Array<ArrayBuffer>): string | Uint8Array<ArrayBuffer> {
  return typeof body === "string" && isLarge(body) ? Buffer.from(body) : body;
}

function notFound({ missing }: Rendering<never>) {
  const type = missing === undefined ? {} : { "Content-Type": "text/plain; charset=utf-8" };
  return { status: 404, headers: { Vary: "Accept-Encoding", ...type }, body: missing ?? null };
}

/**
 * The key of a kept answer: the whole request but how long it waits. The router looks answers up by the target alone, so
 * it does not find one for a `reader`.
 */
function keyOf(request: HttpRequest, { reader }: Rendering<never>): string {
  const { index, waitMs } = request.queryOptions();
  const target = index === 0 && waitMs === undefined ? request.target : request.without("index", "wait").target;
  return answerKey(reader === undefined ? target : `${target} for ${reader}`, anyone);
}

/** JSON of what `encode` returns; undefined is a 404. */
export function answerJson<T>(
  request: HttpRequest,
  query: Query<T>,
  encode: (value: T) => unknown,
  headers: HeaderFields = jsonHeaders,
): Operation {
  return answerQuery(request, query, {
    headers,
    body(value) {
      const encoded = encode(value);
      return encoded === undefined ? undefined : renderGoJson(encoded, { pretty: request.pretty });
    },
  });
}

/** An answer of the catalog or of health: JSON, and a header with its consistency. */
export function answerCatalog<T>(request: HttpRequest, query: Query<T>, encode: (value: T) => unknown): Operation {
  const { consistency } = request.queryOptions();
  return answerJson(request, query, encode, { ...jsonHeaders, "X-Consul-Effective-Consistency": consistency });
}

/** As answerCatalog, filtered: `encode` applies the test of `?filter=` to the rows. */
export function answerFiltered<T>(
  request: HttpRequest,
  query: Query<T>,
  list: { readonly fields: FilterFields; readonly encode: (value: T, accept: (row: object) => boolean) => unknown },
): Operation {
  return (reading) => {
    const accept = compile(request, list.fields);
    return answerCatalog(request, query, (value) => list.encode(value, accept))(reading);
  };
}

/** A list of the catalog, with `?filter=` and `?near=`. */
export function answerRows<T extends OfNode>(
  request: HttpRequest,
  list: {
    readonly query: Query<readonly T[]>;
    readonly encode: (row: T) => object;
    readonly fields: FilterFields;
  },
): Operation {
  return (reading) =>
    answerFiltered(request, nearestFirst(reading, request, list.query), {
      fields: list.fields,
      encode: (rows, accept) => rows.map(list.encode).filter(accept),
    })(reading);
}

/** Consul: `_ip`, the client's own node, is known to prepared queries only; here it is the name of a node. */
function nearestFirst<T extends OfNode>(
  { agent, nearness }: Reading,
  { query: parameters }: HttpRequest,
  query: Query<readonly T[]>,
): Query<readonly T[]> {
  const near = parameters.get("near") ?? "";
  return near === "" ? query : nearness.order(query, near === "_agent" ? agent.node.name : near);
}

/**
 * Compiles `?filter=` into a test of encoded rows.
 * @throws HttpError 500 with Consul's text
 */
export function compile({ query }: HttpRequest, fields: FilterFields): (row: object) => boolean {
  const expression = query.get("filter") ?? "";
  if (expression === "") return () => true;
  try {
    return compileFilter(expression, fields);
  } catch (error) {
    if (!(error instanceof OperatingError)) throw error;
    throw new HttpError(500, error.message);
  }
}
