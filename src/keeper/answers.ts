import { keeperApiVersion } from "../model/keeper-version.ts";
import { renderGoJson } from "../wire/go-json.ts";

const jsonHeaders = { "Content-Type": "application/json" };

/** Returns a body with the API version first, as in every answer of EdgeX; undefined fields are omitted. */
export function versioned(fields: object): object {
  return { apiVersion: keeperApiVersion, ...fields };
}

export function json(status: number, body: object): Response {
  return new Response(renderGoJson(body, { pretty: false }), { status, headers: jsonHeaders });
}

/** Returns a successful answer with these fields. */
export function success(fields: object, status = 200): Response {
  return json(status, versioned({ statusCode: status, ...fields }));
}

export function failure(status: number, message: string): Response {
  return json(status, versioned({ message, statusCode: status }));
}

export function noContent(): Response {
  return new Response(null, { status: 204, headers: jsonHeaders });
}

/** Returns an error as core-keeper's HTTP framework (Echo) renders it, for requests that reach no endpoint. */
export function frameworkFailure(
  status: number,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): Response {
  return new Response(renderGoJson({ message }, { pretty: false }), {
    status,
    headers: { ...jsonHeaders, ...headers },
  });
}
