import { OperatingError } from "../lib/errors.ts";
import { compileFilter, type FilterFields } from "../lib/filter/compile-filter.ts";
import type { OfNode } from "../registry/nearness.ts";
import type { Query } from "../registry/query.ts";
import { waitForChange } from "../registry/blocking-query.ts";
import type { Consistency } from "../registry/registry.ts";
import { whenFresh } from "../registry/when-fresh.ts";
import { RowList } from "../wire/json-parts.ts";
import { answerKey, type KeptAnswer } from "./answer-cache.ts";
import { type Body, jsonHeaders, send, type HeaderFields } from "./answers.ts";
import { HttpError } from "./http-error.ts";
import type { HttpRequest } from "./http-request.ts";
import { isLarge, isLargeSize } from "./large-answers.ts";
import { addContact, consistencyOf, currentHeaders } from "./leader-contact.ts";
import { passToLeader } from "./on-leader.ts";
import { renderInTurns } from "./render-in-turns.ts";
import type { Operation, Reading } from "./route.ts";

/*
 * A read of the datacenter: the last of the steps in answer-by-route.ts. The filter is compiled first, so that an invalid filter
 * is an error at once. Then the read passes these steps:
 *
 *   freshen  the state, if another server can have a newer one and the read is not stale
 *   wait     until the index of the query's topics is above the client's, for as long as the client says
 *   read     rows of the state; a kept answer replaces this step and all later ones
 *   near     sorts the rows by the distance of their nodes
 *   filter   drops rows by their encoded fields
 *   render   encodes the answer, which is kept until a topic of the query is touched
 */

/** Renders a query's value as a response; an undefined body becomes a 404 with the same index headers. */
export interface Rendering<T> {
  /** Names the kind of client, if different kinds get different answers to the same path and query. */
  readonly reader?: string;
  readonly headers: HeaderFields;
  /** Whether the answer is kept; default true. False if a read can itself change the answer. */
  readonly isKept?: boolean;
  /** Whether the read is stale only up to its `max_stale`; default false. */
  readonly heedsMaxStale?: boolean;
  /** The text of the 404; default: no text. */
  readonly missing?: string;
  /** Returns a number that the size of the body in bytes is not below, much faster than `body` renders it; default 0. */
  bytesMin?(value: T): number;
  /** Renders the value; a long list with other work of the event loop between its parts. */
  body(value: T): Rendered | Promise<Rendered>;
}

type Rendered = Body | undefined;

/** One read: the query, the rendering of its result, the target under which the answer is kept, and how new the state must be. */
interface Read<T> {
  readonly query: Query<T>;
  readonly rendering: Rendering<T>;
  readonly target: string;
  readonly consistency: Consistency;
}

/**
 * Returns the operation that waits if the request is a blocking query, and answers with the index headers. Without a wait it
 * answers in the same turn of the event loop.
 */
export function answerQuery<T>(request: HttpRequest, query: Query<T>, rendering: Rendering<T>): Operation {
  return (reading) => {
    const { cluster, queries, store } = reading;
    queries.add(1);
    const { consistency: asked, index } = request.queryOptions();
    const consistency = rendering.heedsMaxStale === true ? consistencyOf(cluster, request) : asked;
    const read = { query, rendering, target: keptTarget(request, rendering), consistency };
    return whenFresh(store, consistency, () =>
      index === 0 ? answerNow(reading, request, read) : waitThenAnswer(reading, request, read),
    );
  };
}

async function waitThenAnswer<T>(reading: Reading, request: HttpRequest, read: Read<T>): Promise<Response> {
  const { store, clock, random, waitLimits: limits } = reading;
  const { index, waitMs } = request.queryOptions();
  await waitForChange(store, read.query.topics, { index, waitMs, limits, signal: request.signal, clock, random });
  return answerNow(reading, request, read);
}

/**
 * Answers at once, except that a large answer waits until the client has read enough of its earlier large answers, and for a turn
 * of the event loop in which no other is rendered.
 */
function answerNow<T>(reading: Reading, request: HttpRequest, read: Read<T>): Response | Promise<Response> {
  const again = (): Response | Promise<Response> =>
    request.signal.aborted ? new Response() : answerNow(reading, request, read);
  const sendWithRoom = (answer: KeptAnswer): Response | Promise<Response> => {
    const room = roomFor(answer, request);
    if (room !== undefined) return room.then(again);
    const response = send(answer, request);
    const { cluster } = reading;
    return cluster.isAlone ? response : addContact(response, cluster, read.consistency);
  };
  // The caller's rights can have changed while it waited.
  const key = answerKey(read.target, request.caller.rightsKey);
  const { answers } = reading;
  const answer = answers.get(key) ?? answers.underWay(key) ?? newAnswer(reading, request, { ...read, key });
  if (answer instanceof Promise) return answer.then((late) => (late === undefined ? again() : sendWithRoom(late)));
  return sendWithRoom(answer);
}

/** Returns a promise that resolves when the client's limit allows this answer; undefined if the limit allows it now. */
function roomFor({ body }: KeptAnswer, request: HttpRequest): Promise<void> | undefined {
  // Nearly all answers are small. The client's address is not read for them: it costs a twentieth of the time of an answer.
  if (body === null || !isLarge(body)) return undefined;
  const { largeAnswers, peer, signal } = request;
  return signal.aborted || largeAnswers.hasRoom(peer, body.length)
    ? undefined
    : largeAnswers.room(peer, body.length, signal);
}

/** Renders the answer, or returns a promise of it; of undefined when it may be rendered only then. */
function newAnswer<T>(
  { answers, cluster }: Reading,
  request: HttpRequest,
  { key, query, rendering }: Read<T> & { readonly key: string },
): KeptAnswer | Promise<KeptAnswer | undefined> {
  const { isObserved, registry } = request.caller;
  const index = registry.indexOf(query.topics);
  const value = registry.read(query);
  const bytesMin = rendering.bytesMin?.(value) ?? 0;
  const wait = isLargeSize(bytesMin) ? mayRender(bytesMin, request) : undefined;
  if (wait !== undefined) return wait.then(() => undefined);
  const body = rendering.body(value);
  const answerWith = (found: Rendered): KeptAnswer => {
    const shown =
      found === undefined ? notFound(rendering) : { status: 200, headers: rendering.headers, body: readyToSend(found) };
    const indexed = { ...shown.headers, "X-Consul-Index": String(index), ...(cluster.isAlone && currentHeaders) };
    return { ...shown, headers: new Headers(indexed) };
  };
  const isKept = rendering.isKept !== false && !isObserved;
  if (body instanceof Promise) {
    const release = request.largeAnswers.reserve(request.peer, bytesMin);
    const late = body.then(answerWith).finally(release);
    return isKept ? answers.putLate(key, query.topics, late) : late;
  }
  const answer = answerWith(body);
  if (isKept) answers.put(key, query.topics, answer);
  return answer;
}

function mayRender(bytesMin: number, { largeAnswers, peer, signal }: HttpRequest): Promise<void> | undefined {
  return largeAnswers.mayRender(peer, bytesMin, signal);
}

/** Encodes a large text as bytes, once for all clients; returns any other body unchanged. */
function readyToSend(body: Body): Body {
  return typeof body === "string" && isLarge(body) ? Buffer.from(body) : body;
}

function notFound({ missing }: Rendering<never>) {
  const type = missing === undefined ? {} : { "Content-Type": "text/plain; charset=utf-8" };
  return { status: 404, headers: { Vary: "Accept-Encoding", ...type }, body: missing ?? null };
}

/**
 * Returns the target under which an answer is kept: path and query without `wait` and `index`, and the kind of client (`reader`) if
 * the answer depends on it. The router looks up kept answers by path and query alone, so it never sends one to another kind of client.
 */
function keptTarget(request: HttpRequest, { reader }: Rendering<never>): string {
  const { index, waitMs } = request.queryOptions();
  const target = index === 0 && waitMs === undefined ? request.target : request.targetWithout("index", "wait");
  return reader === undefined ? target : `${target} for ${reader}`;
}

/** Returns the operation that answers a query with the result of `encode` as JSON; an undefined result becomes a 404. */
export function answerJson<T>(
  request: HttpRequest,
  query: Query<T>,
  encode: (value: T) => unknown,
  headers: HeaderFields = jsonHeaders,
): Operation {
  return answerQuery(request, query, jsonRendering(request, encode, headers));
}

function jsonRendering<T>({ pretty }: HttpRequest, encode: (value: T) => unknown, headers: HeaderFields): Rendering<T> {
  return {
    headers,
    body(value) {
      const encoded = encode(value);
      return encoded === undefined ? undefined : renderInTurns(encoded, { pretty });
    },
  };
}

/** Returns the operation that answers a query of the catalog or of health with JSON and a consistency header. */
export function answerCatalog<T>(request: HttpRequest, query: Query<T>, encode: (value: T) => unknown): Operation {
  const { consistency } = request.queryOptions();
  return answerQuery(request, query, {
    ...jsonRendering(request, encode, { ...jsonHeaders, "X-Consul-Effective-Consistency": consistency }),
    heedsMaxStale: true,
  });
}

/** Does the same as answerCatalog, and passes `encode` the test of `?filter=`, with which it drops rows. */
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

/** Returns the operation that answers with a list of the catalog, filtered by `?filter=` and sorted by `?near=`. */
export function answerRows<T extends OfNode>(
  request: HttpRequest,
  list: {
    readonly query: Query<readonly T[]>;
    readonly encode: (row: T) => object;
    readonly fields: FilterFields;
  },
): Operation {
  return (reading) => {
    const near = nearNode(reading, request);
    // The leader alone has the coordinates of all nodes.
    const pass = near === "" || isStale(request) ? undefined : passToLeader(reading, request);
    const query = near === "" ? list.query : reading.nearness.order(list.query, near);
    const answer = answerFiltered(request, query, {
      fields: list.fields,
      encode: (rows, accept) =>
        RowList.of(rows, (row) => {
          const encoded = list.encode(row);
          return accept(encoded) ? encoded : undefined;
        }),
    });
    return (pass ?? answer)(reading);
  };
}

function isStale(request: HttpRequest): boolean {
  return request.queryOptions().consistency === "stale";
}

/**
 * Returns the name of the node by whose distance the rows are sorted; "" for no order. Consul: `near=_ip` means the client's node
 * only in prepared queries.
 */
function nearNode({ agent }: Reading, { query }: HttpRequest): string {
  const near = query.get("near") ?? "";
  return near === "_agent" ? agent.node.name : near;
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
