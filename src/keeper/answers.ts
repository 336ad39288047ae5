import { keeperApiVersion } from "../model/keeper-version.ts";
import { renderGoJson } from "../wire/go-json.ts";

const jsonHeaders = { "Content-Type": "application/json" };

/** What every answer of EdgeX begins with; fields that are undefined are left out. */
export function versioned(fields: object): object {
  return { apiVersion: keeperApiVersion, ...fields };
}

export function json(status: number, body: object): Response {
  return new Response(renderGoJson(body, { pretty: false }), { status, headers: jsonHeaders });
}

/** Success with what was asked for. */
export function success(fields: object, status = 200): Response {
  return json(status, versioned({ statusCode: status, ...fields }));
}

export function failure(status: number, message: string): Response {
  return json(status, versioned({ message, statusCode: status }));
}

export function noContent(): Response {
  return new Response(null, { status: 204, headers: jsonHeaders });
}

/** As the framework answers under which core-keeper runs, before core-keeper itself is asked. */
export function refusal(status: number, message: string, headers: Readonly<Record<string, string>> = {}): Response {
  return new Response(renderGoJson({ message }, { pretty: false }), {
    status,
    headers: { ...jsonHeaders, ...headers },
  });
}
