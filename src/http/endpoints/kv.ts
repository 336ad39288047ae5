import { deleteKv, deleteKvTree, kvEntry, kvKeys, kvTree, putKv } from "../../registry/kv.ts";
import { renderGoJson } from "../../wire/go-json.ts";
import { renderKvEntries } from "../../wire/kv-entry.ts";
import { bytes, empty, jsonText, type Headers } from "../answers.ts";
import type { Api, Endpoint } from "../api.ts";
import { HttpError } from "../http-error.ts";
import type { HttpRequest } from "../http-request.ts";
import { parseQueryOptions, requireDatacenter } from "../query-options.ts";
import { answerQuery } from "../read.ts";

export function getKey(api: Api): Endpoint {
  return (request) => {
    const { rest: key, query, pretty } = request;
    if (query.has("keys")) {
      const keys = kvKeys(key, query.get("separator") ?? "");
      return answerKv(api, request, keys, (found) =>
        // Consul: asking for all keys of an empty store is not an error.
        found.length === 0 && key !== "" ? undefined : renderGoJson(found, { pretty }),
      );
    }
    if (query.has("recurse")) {
      return answerKv(api, request, kvTree(key), (found) =>
        found.length === 0 ? undefined : renderKvEntries(found, { pretty }),
      );
    }
    requireKey(key);
    if (query.has("raw")) return answerRaw(api, request);
    return answerKv(api, request, kvEntry(key), (found) => found && renderKvEntries([found], { pretty }));
  };
}

export function putKey(api: Api): Endpoint {
  return async (request) => {
    const { rest: key, query } = request;
    checkWrite(api, request, ["cas", "acquire", "release"]);
    requireKey(key);
    const flags = parseUint64(query.get("flags"));
    const cas = query.has("cas") ? Number(parseUint64(query.get("cas"))) : undefined;
    const value = new Uint8Array(await request.body(api.kvValueBytesMax));
    return boolean(request, await putKv(api.store, { key, value, flags: flags ?? 0n, cas }));
  };
}

export function deleteKey(api: Api): Endpoint {
  return async (request) => {
    const { rest: key, query } = request;
    checkWrite(api, request, ["recurse", "cas"]);
    if (query.has("recurse")) {
      await deleteKvTree(api.store, key);
      return boolean(request, true);
    }
    requireKey(key);
    const cas = query.has("cas") ? Number(parseUint64(query.get("cas"))) : undefined;
    return boolean(request, await deleteKv(api.store, key, cas));
  };
}

async function answerKv<T>(
  api: Api,
  request: HttpRequest,
  query: Parameters<typeof answerQuery<T>>[2],
  render: Parameters<typeof answerQuery<T>>[3],
): Promise<Response> {
  const { answer, headers } = await answerQuery(api, request, query, render);
  return answer.body === undefined ? empty(404, headers) : jsonText(request, answer.body, { headers });
}

/** The bytes themselves. Consul: the headers keep a browser from running what somebody stored. */
async function answerRaw(api: Api, request: HttpRequest): Promise<Response> {
  const query = kvEntry(request.rest);
  const { headers } = await answerQuery(api, request, query, () => undefined);
  const entry = query.read(api.store.state);
  if (!entry) return empty(404, headers);
  return bytes(request, entry.value, { ...rawHeaders, ...headers });
}

const rawHeaders: Headers = {
  "Content-Type": "text/plain",
  "Content-Security-Policy": "sandbox",
  "X-Content-Type-Options": "nosniff",
  Vary: "Accept-Encoding",
};

function checkWrite(api: Api, { query }: HttpRequest, exclusive: readonly string[]): void {
  parseQueryOptions(query);
  requireDatacenter(query, api.datacenter);
  if (exclusive.filter((name) => query.has(name)).length > 1) {
    throw new HttpError(400, `Conflicting flags: ${query.toString()}`);
  }
}

function requireKey(key: string): void {
  if (key === "") throw new HttpError(400, "Missing key name");
}

/** Consul: what is not an unsigned 64-bit number is a 500 with Go's words. */
function parseUint64(text: string | undefined): bigint | undefined {
  if (text === undefined) return undefined;
  const parsing = `strconv.ParseUint: parsing ${JSON.stringify(text)}`;
  if (!/^\d+$/.test(text)) throw new HttpError(500, `${parsing}: invalid syntax`);
  const value = BigInt(text);
  if (value >= 2n ** 64n) throw new HttpError(500, `${parsing}: value out of range`);
  return value;
}

function boolean(request: HttpRequest, value: boolean): Response {
  return jsonText(request, renderGoJson(value, { pretty: request.pretty }));
}
