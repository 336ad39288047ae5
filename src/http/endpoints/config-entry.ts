import { topics } from "../../state/topics.ts";
import { renderGoJson } from "../../wire/go-json.ts";
import { decodeEntryKind, isEntryKind } from "../../wire/config-entry.ts";
import { json, jsonHeaders } from "../answers.ts";
import type { Api, Endpoint } from "../api.ts";
import { HttpError } from "../http-error.ts";
import type { HttpRequest } from "../http-request.ts";
import { readJson } from "../json-body.ts";
import { requireDatacenter } from "../query-options.ts";
import { answerQuery } from "../read.ts";
import { badRequest, notEnabled } from "./connect.ts";

/** Configuration entries tell the mesh how services talk to each other. None is ever kept: nothing here would act on it. */
export function getConfigEntries(api: Api): Endpoint {
  return (request) => {
    const { kind, name } = entryOf(request);
    requireDatacenter(request.query, api.datacenter);
    // Consul: without a kind all entries are listed.
    if (kind !== "" && !isEntryKind(kind)) throw new HttpError(500, unknownKind(kind));
    return answerQuery<readonly object[] | undefined>(
      api,
      request,
      { topics: [topics.mesh], read: () => (name === undefined ? [] : undefined) },
      {
        headers: jsonHeaders,
        missing: `Config entry not found for ${JSON.stringify(kind)} / ${JSON.stringify(name)}`,
        body: (entries) => entries && renderGoJson(entries, { pretty: request.pretty }),
      },
    );
  };
}

/** Also true of an entry that was never there. */
export const deleteConfigEntry: Endpoint = (request) => {
  const { kind, name } = entryOf(request);
  if (name === undefined) throw new HttpError(404, "Must provide both a kind and name to delete");
  if (!isEntryKind(kind)) throw new HttpError(400, unknownKind(kind));
  return json(request, {});
};

export const setConfigEntry: Endpoint = async (request) => {
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
