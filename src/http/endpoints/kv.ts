import type { KvEntry } from "../../model/kv-entry.ts";
import { deleteKv, deleteKvTree, kvEntry, kvKeys, kvTree, lockKv, putKv, unlockKv } from "../../registry/kv.ts";
import { renderGoJson } from "../../wire/go-json.ts";
import { renderKvEntries } from "../../wire/kv-entry.ts";
import { jsonHeaders, jsonText } from "../answers.ts";
import type { Api, Endpoint } from "../api.ts";
import { isDeviceSdkC } from "../device-sdk-c.ts";
import { HttpError } from "../http-error.ts";
import type { HttpRequest } from "../http-request.ts";
import { parseWaiting, requireDatacenter } from "../query-options.ts";
import { answerQuery, type Rendering } from "../read.ts";

export function getKey(api: Api): Endpoint {
  return (request) => {
    const { rest: key, query, pretty } = request;
    if (query.has("keys")) {
      return answerQuery(api, request, kvKeys(key, query.get("separator") ?? ""), {
        headers: jsonHeaders,
        // Consul: asking for all keys of an empty store is not an error.
        body: (keys) => (keys.length === 0 && key !== "" ? undefined : renderGoJson(keys, { pretty })),
      });
    }
    if (query.has("recurse")) {
      if (!api.ports.isClaimable(key)) return answerQuery(api, request, kvTree(key), jsonTree(request));
      // A service that starts asks so, and what it is about to read may be changed for it.
      const answer = (): Response | Promise<Response> =>
        answerQuery(api, request, kvTree(key), { ...jsonTree(request), isKept: false });
      return parseWaiting(query).index > 0 ? answer() : api.ports.claim(key).then(answer);
    }
    requireKey(key);
    return answerQuery(api, request, kvEntry(key), query.has("raw") ? rawEntry : jsonEntry(pretty));
  };
}

export function putKey(api: Api): Endpoint {
  return async (request) => {
    const { rest: key, query } = request;
    refuseConflict(request, ["cas", "acquire", "release"]);
    requireKey(key);
    requireDatacenter(query, api.datacenter);
    const flags = parseUint64(query.get("flags")) ?? 0n;
    const cas = query.has("cas") ? Number(parseUint64(query.get("cas"))) : undefined;
    const value = new Uint8Array(await request.body(api.kvValueBytesMax));
    const [acquire, release] = [query.get("acquire"), query.get("release")];
    if (acquire !== undefined)
      return boolean(request, await lockKv(api.store, { key, value, flags, session: acquire }));
    if (release !== undefined)
      return boolean(request, await unlockKv(api.store, { key, value, flags, session: release }));
    return boolean(request, await putKv(api.store, { key, value, flags, cas }));
  };
}

export function deleteKey(api: Api): Endpoint {
  return async (request) => {
    const { rest: key, query } = request;
    refuseConflict(request, ["recurse", "cas"]);
    if (!query.has("recurse")) requireKey(key);
    requireDatacenter(query, api.datacenter);
    if (query.has("recurse")) {
      await deleteKvTree(api.store, key);
      return boolean(request, true);
    }
    const cas = query.has("cas") ? Number(parseUint64(query.get("cas"))) : undefined;
    return boolean(request, await deleteKv(api.store, key, cas));
  };
}

/** The bytes themselves. Consul: the headers keep a browser from running what somebody stored. */
const rawEntry: Rendering<KvEntry | undefined> = {
  headers: {
    "Content-Type": "text/plain",
    "Content-Security-Policy": "sandbox",
    "X-Content-Type-Options": "nosniff",
    Vary: "Accept-Encoding",
  },
  body: (entry) => entry && new Uint8Array(entry.value),
};

/** Whether the C SDK asks matters for the one target that it asks for: all others are answered by their target alone. */
function jsonTree(request: HttpRequest): Rendering<readonly KvEntry[]> {
  const { pretty, query } = request;
  const isCForm = query.get("recurse") === "true";
  const isForC = isCForm && isDeviceSdkC(request);
  const emptyValue = isForC ? "" : null;
  return {
    ...(isCForm && { reader: isForC ? "device-sdk-c" : "others" }),
    headers: jsonHeaders,
    body: (entries) => (entries.length === 0 ? undefined : renderKvEntries(entries, { pretty, emptyValue })),
  };
}

function jsonEntry(pretty: boolean): Rendering<KvEntry | undefined> {
  return { headers: jsonHeaders, body: (entry) => entry && renderKvEntries([entry], { pretty }) };
}

function refuseConflict({ query }: HttpRequest, exclusive: readonly string[]): void {
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
