import type { KvEntry } from "../../model/kv-entry.ts";
import type { ServicePorts } from "../../ports/service-ports.ts";
import { deleteKv, deleteKvTree, kvEntry, kvKeys, kvTree, lockKv, putKv, unlockKv } from "../../registry/kv.ts";
import { whenFresh } from "../../registry/when-fresh.ts";
import { renderGoJson } from "../../wire/go-json.ts";
import { RowList } from "../../wire/json-parts.ts";
import { encodeKvEntry, renderKvEntries } from "../../wire/kv-entry.ts";
import { jsonHeaders, jsonText } from "../answers.ts";
import { isDeviceSdkC } from "../device-sdk-c.ts";
import { demandKeyList } from "../demand.ts";
import { HttpError } from "../http-error.ts";
import type { HttpRequest } from "../http-request.ts";
import { answerQuery, type Rendering } from "../read.ts";
import { renderInTurns } from "../render-in-turns.ts";
import type { DatacenterEndpoint } from "../route.ts";

export interface KvParts {
  readonly ports: ServicePorts;
  readonly kvValueBytesMax: number;
}

export function getKey({ ports }: Pick<KvParts, "ports">): DatacenterEndpoint {
  return (request) => {
    const { rest: key, query, pretty } = request;
    if (query.has("keys") || query.has("recurse")) demandKeyList(request, key);
    if (query.has("keys")) {
      return answerQuery(request, kvKeys(key, query.get("separator") ?? ""), {
        headers: jsonHeaders,
        // Consul: a list of all keys of an empty store is not an error.
        body: (keys) => (keys.length === 0 && key !== "" ? undefined : renderGoJson(keys, { pretty })),
      });
    }
    if (query.has("recurse")) {
      // A caller that may not read the port causes no assignment of one.
      if (!ports.isClaimable(key) || !request.caller.rights.may("key", "read", key))
        return answerQuery(request, kvTree(key), jsonTree(request));
      // A service that starts sends this read, and `claim` may store another port before the read.
      const read = answerQuery(request, kvTree(key), { ...jsonTree(request), isKept: false });
      const { consistency, index } = request.queryOptions();
      if (index > 0) return read;
      return (reading) => whenFresh(reading.store, consistency, () => ports.claim(key).then(() => read(reading)));
    }
    requireKey(key);
    return answerQuery(request, kvEntry(key), query.has("raw") ? rawEntry : jsonEntry(pretty));
  };
}

export function putKey({ kvValueBytesMax }: Pick<KvParts, "kvValueBytesMax">): DatacenterEndpoint {
  return (request) => {
    const { rest: key, query } = request;
    refuseConflict(request, ["cas", "acquire", "release"]);
    requireKey(key);
    return async () => {
      const flags = parseUint64(query.get("flags")) ?? 0n;
      const cas = query.has("cas") ? Number(parseUint64(query.get("cas"))) : undefined;
      const value = new Uint8Array(await request.body(kvValueBytesMax));
      const { registry } = request.caller;
      const [acquire, release] = [query.get("acquire"), query.get("release")];
      if (acquire !== undefined)
        return boolean(request, await lockKv(registry, { key, value, flags, session: acquire }));
      if (release !== undefined)
        return boolean(request, await unlockKv(registry, { key, value, flags, session: release }));
      return boolean(request, await putKv(registry, { key, value, flags, cas }));
    };
  };
}

export const deleteKey: DatacenterEndpoint = (request) => {
  const { rest: key, query, caller } = request;
  refuseConflict(request, ["recurse", "cas"]);
  if (!query.has("recurse")) requireKey(key);
  return async () => {
    if (query.has("recurse")) {
      await deleteKvTree(caller.registry, key);
      return boolean(request, true);
    }
    const cas = query.has("cas") ? Number(parseUint64(query.get("cas"))) : undefined;
    return boolean(request, await deleteKv(caller.registry, key, cas));
  };
};

/** Renders the value as stored. Consul: the headers prevent a browser from running a stored script. */
const rawEntry: Rendering<KvEntry | undefined> = {
  headers: {
    "Content-Type": "text/plain",
    "Content-Security-Policy": "sandbox",
    "X-Content-Type-Options": "nosniff",
    Vary: "Accept-Encoding",
  },
  bytesMin: (entry) => entry?.value.length ?? 0,
  body: (entry) => entry && new Uint8Array(entry.value),
};

/** Renders all keys below a prefix. EdgeX's C SDK, whose answer differs, always sends `?recurse=true`. */
function jsonTree(request: HttpRequest): Rendering<readonly KvEntry[]> {
  const { pretty, query } = request;
  const isCForm = query.get("recurse") === "true";
  const isForC = isCForm && isDeviceSdkC(request);
  const emptyValue = isForC ? "" : null;
  return {
    ...(isCForm && { reader: isForC ? "device-sdk-c" : "others" }),
    headers: jsonHeaders,
    bytesMin: (entries) => entries.reduce((sum, { value }) => sum + base64Length(value), 0),
    body: (entries) =>
      entries.length === 0
        ? undefined
        : renderInTurns(
            RowList.of(entries, (entry) => encodeKvEntry(entry, emptyValue)),
            { pretty },
          ),
  };
}

function jsonEntry(pretty: boolean): Rendering<KvEntry | undefined> {
  return {
    headers: jsonHeaders,
    bytesMin: (entry) => (entry ? base64Length(entry.value) : 0),
    body: (entry) => entry && renderKvEntries([entry], { pretty }),
  };
}

function base64Length({ length }: Uint8Array): number {
  return Math.ceil(length / 3) * 4;
}

function refuseConflict({ query }: HttpRequest, exclusive: readonly string[]): void {
  if (exclusive.filter((name) => query.has(name)).length > 1) {
    throw new HttpError(400, `Conflicting flags: ${query.toString()}`);
  }
}

function requireKey(key: string): void {
  if (key === "") throw new HttpError(400, "Missing key name");
}

/** Parses an unsigned 64-bit number. @throws HttpError 500 with Go's error text if `text` is not one, as in Consul */
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
