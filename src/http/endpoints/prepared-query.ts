import { OperatingError } from "../../lib/errors.ts";
import { uuidFault } from "../../lib/uuid.ts";
import type { PreparedQuery } from "../../model/prepared-query.ts";
import * as queries from "../../registry/prepared-query.ts";
import { parseJson } from "../../wire/json.ts";
import { checkPreparedQuery, decodePreparedQuery, encodePreparedQuery } from "../../wire/prepared-query.ts";
import { empty, json } from "../answers.ts";
import type { Api, Endpoint } from "../api.ts";
import { HttpError } from "../http-error.ts";
import type { HttpRequest } from "../http-request.ts";
import { bodyBytesMax } from "../limits.ts";
import { parseQueryOptions, requireDatacenter } from "../query-options.ts";
import { answerCatalog, failedReadHeaders } from "../read.ts";
import { askedOf, executePreparedQuery, explainPreparedQuery, queryNotFound } from "./prepared-query-execution.ts";

export function listPreparedQueries(api: Api): Endpoint {
  return (request) =>
    answerCatalog(api, request, queries.allPreparedQueries(), (rows) => rows.map(encodePreparedQuery));
}

export function createPreparedQuery(api: Api): Endpoint {
  return async (request) => {
    const wished = decodePreparedQuery(parseJson(await request.body(bodyBytesMax)));
    requireDatacenter(request.query, api.datacenter);
    if (wished.id !== "") throw new HttpError(500, "ID must be empty when creating a new prepared query");
    check(wished);
    const query = { ...wished, id: api.random.uuid() };
    await queries.createPreparedQuery(api.store, query);
    return json(request, { ID: query.id });
  };
}

/** GET of a query by its id, or of what comes of it. */
export function getPreparedQuery(api: Api): Endpoint {
  const execute = executePreparedQuery(api);
  const explain = explainPreparedQuery(api);
  return (request) => {
    if (askedOf(request, "execute") !== undefined) return execute(request);
    if (askedOf(request, "explain") !== undefined) return explain(request);
    return answerPreparedQuery(api, request);
  };
}

/** Consul: who asks for one that is not there, or waits for one that goes, is told so without an index. */
function answerPreparedQuery(api: Api, request: HttpRequest): Response | Promise<Response> {
  parseQueryOptions(request.query);
  requireDatacenter(request.query, api.datacenter, failedReadHeaders);
  const fault = uuidFault(request.rest);
  if (fault !== undefined) throw new HttpError(500, lookupFailure(fault), failedReadHeaders);
  const query = queries.preparedQuery(request.rest);
  if (!query.read(api.store.state)) throw queryNotFound();
  return answerCatalog(api, request, query, (row) => {
    if (!row) throw queryNotFound();
    return [encodePreparedQuery(row)];
  });
}

/** Consul: the id in the body, if there is one, does not count. */
export function updatePreparedQuery(api: Api): Endpoint {
  return async (request) => {
    refuseOtherMethod(request);
    const body = await request.body(bodyBytesMax);
    const query = { ...decodePreparedQuery(body.length === 0 ? null : parseJson(body)), id: request.rest };
    requireChangeable(api, request);
    check(query);
    await queries.updatePreparedQuery(api.store, query);
    return empty();
  };
}

export function deletePreparedQuery(api: Api): Endpoint {
  return async (request) => {
    refuseOtherMethod(request);
    requireChangeable(api, request);
    await queries.deletePreparedQuery(api.store, request.rest);
    return empty();
  };
}

function refuseOtherMethod(request: HttpRequest): void {
  if (askedOf(request, "execute") === undefined && askedOf(request, "explain") === undefined) return;
  throw new HttpError(405, `method ${request.method} not allowed`, { Allow: "GET" });
}

/** Consul: whether it is there is looked at before what it is to become. */
function requireChangeable(api: Api, request: HttpRequest): void {
  requireDatacenter(request.query, api.datacenter);
  const id = request.rest;
  const fault = uuidFault(id);
  if (fault !== undefined) throw new HttpError(500, `Prepared Query lookup failed: ${lookupFailure(fault)}`);
  if (queries.preparedQuery(id).read(api.store.state)) return;
  throw new HttpError(500, `Cannot modify non-existent prepared query: '${id}'`);
}

function lookupFailure(fault: string): string {
  return `failed prepared query lookup: index error: ${fault}`;
}

/** Consul: a query that can be read but is not right is a 500. */
function check(query: PreparedQuery): void {
  try {
    checkPreparedQuery(query);
  } catch (error) {
    if (error instanceof OperatingError) throw new HttpError(500, error.message);
    throw error;
  }
}
