import { OperatingError } from "../../lib/errors.ts";
import type { CheckOutputs } from "../../registry/check-outputs.ts";
import type { ExecutionOptions, PreparedQueries } from "../../registry/prepared-query-execution.ts";
import { whenFresh } from "../../registry/when-fresh.ts";
import { encodePreparedQuery } from "../../wire/prepared-query.ts";
import { encodeQueryAnswer } from "../../wire/query-answer.ts";
import { json } from "../answers.ts";
import { HttpError } from "../http-error.ts";
import type { HttpRequest } from "../http-request.ts";
import { addContact, consistencyOf, contactFields, currentHeaders } from "../leader-contact.ts";
import { passToLeader } from "../on-leader.ts";
import { parseBool } from "../../lib/go-bool.ts";
import type { DatacenterEndpoint, Operation } from "../route.ts";

export interface ExecutionParts {
  readonly preparedQueries: PreparedQueries;
  readonly outputs: CheckOutputs;
}

/**
 * Answers GET /v1/query/<id or name>/execute with instances in a new random order. The request never blocks, and the answer is
 * not kept.
 */
export function executePreparedQuery({ preparedQueries, outputs }: ExecutionParts): DatacenterEndpoint {
  return (request) => {
    const options = parseExecutionOptions(request);
    return answerResolved(request, () => {
      const answer = preparedQueries.execute(askedOf(request, "execute") ?? "", options);
      return answer && encodeQueryAnswer(answer, (check) => outputs.outputOf(check));
    });
  };
}

/** Answers GET /v1/query/<id or name>/explain with the prepared query after its template was filled in. */
export function explainPreparedQuery({ preparedQueries }: ExecutionParts): DatacenterEndpoint {
  return (request) => {
    parseExecutionOptions(request);
    return answerResolved(request, () => {
      const query = preparedQueries.explain(askedOf(request, "explain") ?? "", request.caller);
      return query && { Query: encodePreparedQuery(query) };
    });
  };
}

/** Returns the id or name before the last part of the path; undefined if the last part is not `verb`. */
export function askedOf({ rest }: HttpRequest, verb: "execute" | "explain"): string | undefined {
  // Consul: a path that is only the verb means the prepared query whose name is the verb.
  if (rest === verb) return rest;
  return rest.endsWith(`/${verb}`) ? rest.slice(0, -verb.length - 1) : undefined;
}

export function queryNotFound(): HttpError {
  return new HttpError(404, "Query not found");
}

function answerResolved(request: HttpRequest, resolve: () => object | undefined): Operation {
  return (reading) => {
    const { cluster, store } = reading;
    const consistency = consistencyOf(cluster, request);
    // The answer can depend on the distances of nodes, which the leader alone knows.
    const pass = consistency === "stale" ? undefined : passToLeader(reading, request);
    if (pass) return pass(reading);
    return whenFresh(store, consistency, () => {
      const found = resolving(resolve);
      if (!found) throw queryNotFound();
      const meta = { Index: 0, ...contactFields(cluster, consistency), ConsistencyLevel: consistency };
      const response = json(
        request,
        { ...found, ...meta },
        { ...readHeaders, "X-Consul-Effective-Consistency": consistency },
      );
      return cluster.isAlone ? response : addContact(response, cluster, consistency);
    });
  };
}

/** The headers of an execution. Consul: the index is always 1. */
const readHeaders = { "X-Consul-Index": "1", ...currentHeaders } as const;

function resolving<T>(resolve: () => T): T {
  try {
    return resolve();
  } catch (error) {
    if (error instanceof OperatingError && error.kind !== "forbidden") throw new HttpError(500, error.message);
    throw error;
  }
}

function parseExecutionOptions(request: HttpRequest): ExecutionOptions {
  const { query, clientAddress, agentNode } = request;
  return {
    limit: parseLimit(query.get("limit")),
    near: query.get("near") ?? "",
    clientAddress,
    agentNode,
    registry: request.caller.registry,
    connect: parseConnect(query.get("connect")),
  };
}

const int64Max = 2n ** 63n - 1n;

/** Parses `?limit=`. 0 means no limit. Consul: a negative number means the same. */
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
