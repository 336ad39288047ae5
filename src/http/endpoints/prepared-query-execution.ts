import { OperatingError } from "../../lib/errors.ts";
import type { CheckRow } from "../../model/check.ts";
import type { ExecutionOptions } from "../../registry/prepared-query-execution.ts";
import { encodePreparedQuery } from "../../wire/prepared-query.ts";
import { encodeQueryAnswer } from "../../wire/query-answer.ts";
import { json } from "../answers.ts";
import type { Api, Endpoint } from "../api.ts";
import { simplyCached } from "../cached.ts";
import { HttpError } from "../http-error.ts";
import type { HttpRequest } from "../http-request.ts";
import { parseBool } from "../../lib/go-bool.ts";
import { parseQueryOptions, requireDatacenter } from "../query-options.ts";
import { failedReadHeaders } from "../read.ts";

/** GET /v1/query/<id or name>/execute: never the same twice, so there is nothing to wait for or to keep. */
export function executePreparedQuery(api: Api): Endpoint {
  return simplyCached(api, { type: "prepared-query", parameters: ["connect", "limit"] }, (request) => {
    const wishes = parseWishes(request);
    return answerResolved(api, request, () => {
      const answer = api.preparedQueries.execute(askedOf(request, "execute") ?? "", wishes);
      return answer && encodeQueryAnswer(answer, outputOf(api));
    });
  });
}

/** GET /v1/query/<id or name>/explain */
export function explainPreparedQuery(api: Api): Endpoint {
  return (request) => {
    parseWishes(request);
    return answerResolved(api, request, () => {
      const query = api.preparedQueries.explain(askedOf(request, "explain") ?? "");
      return query && { Query: encodePreparedQuery(query) };
    });
  };
}

/** The id or name before the last part of the path, if that is `verb`. */
export function askedOf({ rest }: HttpRequest, verb: "execute" | "explain"): string | undefined {
  // Consul: the query that is named like the verb, too.
  if (rest === verb) return rest;
  return rest.endsWith(`/${verb}`) ? rest.slice(0, -verb.length - 1) : undefined;
}

export function queryNotFound(): HttpError {
  return new HttpError(404, "Query not found");
}

function answerResolved(api: Api, request: HttpRequest, resolve: () => object | undefined): Response {
  const { consistency } = parseQueryOptions(request.query);
  requireDatacenter(request.query, api.datacenter, failedReadHeaders);
  const found = resolving(resolve);
  if (!found) throw queryNotFound();
  const meta = { Index: 0, LastContact: 0, KnownLeader: true, ConsistencyLevel: consistency };
  return json(request, { ...found, ...meta }, { ...readHeaders, "X-Consul-Effective-Consistency": consistency });
}

/** Consul: tells no index of what is made anew each time. */
const readHeaders = { "X-Consul-Index": "1", "X-Consul-Knownleader": "true", "X-Consul-Lastcontact": "0" } as const;

function resolving<T>(resolve: () => T): T {
  try {
    return resolve();
  } catch (error) {
    if (error instanceof OperatingError) throw new HttpError(500, error.message, failedReadHeaders);
    throw error;
  }
}

function parseWishes(request: HttpRequest): ExecutionOptions {
  const { query, clientAddress } = request;
  parseQueryOptions(query);
  return {
    limit: parseLimit(query.get("limit")),
    near: query.get("near") ?? "",
    clientAddress,
    connect: parseConnect(query.get("connect")),
  };
}

const int64Max = 2n ** 63n - 1n;

/** Consul: what is not above zero is no limit. */
function parseLimit(text: string | undefined): number {
  if (text === undefined || text === "") return 0;
  const parsing = `Bad limit: strconv.Atoi: parsing ${JSON.stringify(text)}`;
  if (!/^[+-]?\d+$/.test(text)) throw new HttpError(500, `${parsing}: invalid syntax`);
  const limit = BigInt(text.replace("+", ""));
  if (limit > int64Max || limit < -int64Max - 1n) throw new HttpError(500, `${parsing}: value out of range`);
  return Math.max(0, Number(limit));
}

function parseConnect(text: string | undefined): boolean {
  if (text === undefined || text === "") return false;
  const connect = parseBool(text);
  if (connect !== undefined) return connect;
  const what = `strconv.ParseBool: parsing ${JSON.stringify(text)}: invalid syntax`;
  throw new HttpError(500, `Error parsing 'connect' value: ${what}`);
}

/** What the check printed last, if it is this agent's; else what was registered with it. */
function outputOf({ outputs }: Api): (check: CheckRow) => string {
  return (check) => outputs.get(check.node, check.id) ?? check.output;
}
