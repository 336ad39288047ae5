import { OperatingError } from "../../lib/errors.ts";
import type { Random } from "../../lib/random.ts";
import { uuidFault } from "../../lib/uuid.ts";
import { isNamed, type PreparedQuery } from "../../model/prepared-query.ts";
import * as queries from "../../registry/prepared-query.ts";
import type { Registry } from "../../registry/registry.ts";
import { whenFresh } from "../../registry/when-fresh.ts";
import { parseJson } from "../../wire/json.ts";
import { validatePreparedQuery, decodePreparedQuery, encodePreparedQuery } from "../../wire/prepared-query.ts";
import { empty, json } from "../answers.ts";
import { demand } from "../demand.ts";
import { HttpError } from "../http-error.ts";
import type { HttpRequest } from "../http-request.ts";
import { bodyBytesMax } from "../limits.ts";
import { answerCatalog } from "../read.ts";
import type { DatacenterEndpoint, Operation } from "../route.ts";
import {
  askedOf,
  executePreparedQuery,
  explainPreparedQuery,
  queryNotFound,
  type ExecutionParts,
} from "./prepared-query-execution.ts";

export interface PreparedQueryParts extends ExecutionParts {
  readonly random: Random;
}

export const listPreparedQueries: DatacenterEndpoint = (request) =>
  answerCatalog(request, queries.allPreparedQueries(), (rows) => rows.map(encodePreparedQuery));

export function createPreparedQuery({ random }: PreparedQueryParts): DatacenterEndpoint {
  return async (request) => {
    const definition = decodePreparedQuery(parseJson(await request.body(bodyBytesMax)));
    return async () => {
      if (definition.id !== "") throw new HttpError(500, "ID must be empty when creating a new prepared query");
      demandNamed(request, definition);
      check(definition);
      const query = { ...definition, id: random.uuid() };
      await queries.createPreparedQuery(request.caller.registry, query);
      return json(request, { ID: query.id });
    };
  };
}

/** Returns the endpoint for GET of a prepared query by its id (/ID), of its result (/ID/execute) or explanation (/ID/explain). */
export function getPreparedQuery(parts: PreparedQueryParts): DatacenterEndpoint {
  const execute = executePreparedQuery(parts);
  const explain = explainPreparedQuery(parts);
  return (request) => {
    if (askedOf(request, "execute") !== undefined) return execute(request);
    if (askedOf(request, "explain") !== undefined) return explain(request);
    return answerPreparedQuery(request);
  };
}

/**
 * Returns the operation that answers with a prepared query. Consul: the 404 for an unknown one, even one deleted during the wait,
 * has no index header.
 */
function answerPreparedQuery(request: HttpRequest): Operation {
  return (reading) => {
    const fault = uuidFault(request.rest);
    if (fault !== undefined) throw new HttpError(500, lookupFailure(fault));
    const query = queries.preparedQuery(request.rest);
    const answer = answerCatalog(request, query, (row) => {
      if (!row) throw queryNotFound();
      return [encodePreparedQuery(row)];
    });
    return whenFresh(reading.store, request.queryOptions().consistency, () => {
      // Consul: an unknown query is unknown to everyone, even to a caller with an unknown token.
      if (!reading.store.read(query)) throw queryNotFound();
      return answer(reading);
    });
  };
}

/** Updates a prepared query. Consul: the id in the path is used, not the one in the body. */
export const updatePreparedQuery: DatacenterEndpoint = async (request) => {
  refuseOtherMethod(request);
  const body = await request.body(bodyBytesMax);
  const query = { ...decodePreparedQuery(body.length === 0 ? null : parseJson(body)), id: request.rest };
  return async () => {
    const { registry } = request.caller;
    await registry.freshen("leader");
    demandNamed(request, query);
    requireChangeable(registry, query.id);
    check(query);
    await queries.updatePreparedQuery(registry, query);
    return empty();
  };
};

export const deletePreparedQuery: DatacenterEndpoint = (request) => {
  refuseOtherMethod(request);
  return async () => {
    const { registry } = request.caller;
    await registry.freshen("leader");
    requireChangeable(registry, request.rest);
    await queries.deletePreparedQuery(registry, request.rest);
    return empty();
  };
};

/** Demands the right to give a prepared query its name. Consul: a lack of the right precedes errors in the definition. */
function demandNamed(request: HttpRequest, query: PreparedQuery): void {
  if (isNamed(query)) demand(request, "query", "write", query.name);
}

function refuseOtherMethod(request: HttpRequest): void {
  if (askedOf(request, "execute") === undefined && askedOf(request, "explain") === undefined) return;
  throw new HttpError(405, `method ${request.method} not allowed`, { Allow: "GET" });
}

/** Throws if no prepared query has the id. Consul: this error precedes errors in the new definition. */
function requireChangeable(registry: Registry, id: string): void {
  const fault = uuidFault(id);
  if (fault !== undefined) throw new HttpError(500, `Prepared Query lookup failed: ${lookupFailure(fault)}`);
  if (registry.read(queries.preparedQuery(id))) return;
  throw new HttpError(500, `Cannot modify non-existent prepared query: '${id}'`);
}

function lookupFailure(fault: string): string {
  return `failed prepared query lookup: index error: ${fault}`;
}

/** Validates a prepared query. Consul: a body that is well-formed JSON but an invalid prepared query is a 500. */
function check(query: PreparedQuery): void {
  try {
    validatePreparedQuery(query);
  } catch (error) {
    if (error instanceof OperatingError) throw new HttpError(500, error.message);
    throw error;
  }
}
