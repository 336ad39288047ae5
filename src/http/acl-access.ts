import { OperatingError } from "../lib/errors.ts";
import { uuidFault } from "../lib/uuid.ts";
import { writeAcl } from "../registry/acl.ts";
import type { Query } from "../registry/query.ts";
import type { Registry } from "../registry/registry.ts";
import { renderGoJson } from "../wire/go-json.ts";
import { RowList } from "../wire/json-parts.ts";
import { demand } from "./demand.ts";
import { empty, json, jsonHeaders } from "./answers.ts";
import { failedReadHeaders, HttpError } from "./http-error.ts";
import type { HttpRequest } from "./http-request.ts";
import { readJson } from "./json-body.ts";
import { currentHeaders } from "./leader-contact.ts";
import { answerQuery } from "./read.ts";
import { renderInTurns } from "./render-in-turns.ts";
import type { DatacenterEndpoint, Operation } from "./route.ts";

/** Consul's text for a token or a policy that does not exist. */
export const aclNotFound = "ACL not found";

/** Throws unless the caller may read the objects of access control. @throws HttpError 403 with the headers of a failed read */
export function requireAclRead(request: HttpRequest): void {
  try {
    demand(request, "acl", "read");
  } catch (error) {
    if (error instanceof OperatingError && error.kind === "forbidden")
      throw new HttpError(403, error.message, failedReadHeaders);
    throw error;
  }
}

/** Throws unless the caller may write the objects of access control. @throws OperatingError forbidden */
export function requireAclWrite(request: HttpRequest): void {
  demand(request, "acl", "write");
}

/** Throws Consul's error for an id in a path that is not a UUID. @param what the kind of object, "acl role" */
export function requireUuid(id: string, what: string): void {
  const fault = uuidFault(id);
  if (fault !== undefined) throw new HttpError(500, `failed ${what} lookup: index error: ${fault}`);
}

/** Returns the rest of a path. @throws HttpError 400 with Consul's text if it is empty. @param what "policy ID" */
export function requireRest({ rest }: HttpRequest, what: string): string {
  if (rest === "") throw new HttpError(400, `Bad request: Missing ${what}`);
  return rest;
}

/** Decodes the body of a request for an object. @param what the object's name in Consul's error text */
export function readAclBody<T>(request: HttpRequest, what: string, decode: (json: unknown) => T): Promise<T> {
  return readJson(request, { decode, fault: (why) => badRequest(`${what} decoding failed: ${why}`) });
}

export function badRequest(why: string): HttpError {
  return new HttpError(400, `Bad request: ${why}`);
}

type AclWrite = Parameters<typeof writeAcl>[1];

/** Writes an object. @throws HttpError 403 if the rejection's text says so, as everywhere in Consul, else as writeAcl */
export async function submitAcl(store: Registry, command: AclWrite): Promise<void> {
  try {
    await writeAcl(store, command);
  } catch (error) {
    if (error instanceof OperatingError && error.message.includes("Permission denied"))
      throw new HttpError(403, error.message);
    throw error;
  }
}

/**
 * Returns the endpoint that deletes the object whose id or name is the rest of the path.
 * @param what the object's id or name in Consul's error text, "policy ID"
 */
export function deleting(what: string, commandOf: (id: string) => AclWrite): DatacenterEndpoint {
  return (request) => {
    const id = requireRest(request, what);
    return async () => {
      requireAclWrite(request);
      await submitAcl(request.caller.registry, commandOf(id));
      return json(request, true);
    };
  };
}

/**
 * Returns the operation that answers with an object or a list. The answer is not kept, since it depends on the caller and, for
 * tokens, on the time.
 * @param absent default: an empty 404 without an index
 */
export function answerAcl<T>(
  request: HttpRequest,
  query: Query<T>,
  encode: (value: NonNullable<T>) => unknown,
  absent: Absent = () => new HttpError(404, ""),
): Operation {
  return async (reading) => {
    const answer = answerQuery(request, query, {
      headers: jsonHeaders,
      isKept: false,
      body(value) {
        if (value === undefined || value === null) throw absent(indexHeaders(request.caller.registry, query));
        return renderGoJson(encode(value), { pretty: request.pretty });
      },
    });
    try {
      return await answer(reading);
    } catch (error) {
      if (error instanceof HttpError && error.status === 404) return empty(404);
      throw error;
    }
  };
}

/** No object of a list is smaller: each has an id or a name, a hash or a type, and two indexes. */
const listedBytesMin = 100;

/** Returns the operation that answers with a list, which can have ten thousand tokens. It is not kept either. */
export function answerAclList<Row>(
  request: HttpRequest,
  query: Query<readonly Row[]>,
  encode: (row: Row) => unknown,
): Operation {
  return answerQuery(request, query, {
    headers: jsonHeaders,
    isKept: false,
    bytesMin: (rows) => rows.length * listedBytesMin,
    body: (rows) => renderInTurns(RowList.of(rows, encode), { pretty: request.pretty }),
  });
}

/** Makes the error for an object that does not exist, from the headers of its answer. */
type Absent = (headers: Readonly<Record<string, string>>) => HttpError;

export function notFound(headers: Readonly<Record<string, string>>): HttpError {
  return new HttpError(403, aclNotFound, headers);
}

/** Returns the headers of the answer to a query. */
export function indexHeaders(store: Registry, { topics }: Query<unknown>): Readonly<Record<string, string>> {
  return { "X-Consul-Index": String(store.indexOf(topics)), ...currentHeaders };
}
