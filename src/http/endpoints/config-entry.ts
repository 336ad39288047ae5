import { topics } from "../../state/topics.ts";
import { renderGoJson } from "../../wire/go-json.ts";
import { decodeEntryKind, isEntryKind } from "../../wire/config-entry.ts";
import { json, jsonHeaders } from "../answers.ts";
import { HttpError } from "../http-error.ts";
import type { HttpRequest } from "../http-request.ts";
import { readJson } from "../json-body.ts";
import { answerQuery } from "../read.ts";
import type { DatacenterEndpoint } from "../route.ts";
import { badRequest, notEnabled } from "./connect.ts";

/** Answers reads of configuration entries, which control the service mesh. The agent runs no mesh and stores no entries. */
export const getConfigEntries: DatacenterEndpoint = (request) => {
  const { kind, name } = entryOf(request);
  return (reading) => {
    // Consul: without a kind all entries are listed.
    if (kind !== "" && !isEntryKind(kind)) throw new HttpError(500, unknownKind(kind));
    const query = { topics: [topics.mesh], read: () => (name === undefined ? [] : undefined) };
    return answerQuery<readonly object[] | undefined>(request, query, {
      headers: jsonHeaders,
      missing: `Config entry not found for ${JSON.stringify(kind)} / ${JSON.stringify(name)}`,
      body: (entries) => entries && renderGoJson(entries, { pretty: request.pretty }),
    })(reading);
  };
};

/** Succeeds without a change. Consul: the delete of an entry that does not exist succeeds. */
export const deleteConfigEntry: DatacenterEndpoint = (request) => {
  const { kind, name } = entryOf(request);
  if (name === undefined) throw new HttpError(404, "Must provide both a kind and name to delete");
  if (!isEntryKind(kind)) throw new HttpError(400, unknownKind(kind));
  return () => json(request, {});
};

export const setConfigEntry: DatacenterEndpoint = async (request) => {
  const kind = await readJson(request, { decode: decodeEntryKind, fault: badRequest("Request decoding failed: ") });
  if (!isEntryKind(kind)) throw new HttpError(400, `Bad request: Request decoding failed: ${unknownKind(kind)}`);
  throw new HttpError(500, `${notEnabled}: there is no service mesh here that would heed a ${kind}`);
};

function entryOf({ rest }: HttpRequest): { readonly kind: string; readonly name: string | undefined } {
  const at = rest.indexOf("/");
  return at < 0 ? { kind: rest, name: undefined } : { kind: rest.slice(0, at), name: rest.slice(at + 1) };
}

function unknownKind(kind: string): string {
  return `invalid config entry kind: ${kind}`;
}
