import { topics } from "../../state/topics.ts";
import { renderGoJson } from "../../wire/go-json.ts";
import { decodeConfigEntry, isEntryKind } from "../../wire/config-entry.ts";
import { json, jsonHeaders } from "../answers.ts";
import { demand } from "../demand.ts";
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
    if (name !== undefined && kind !== "proxy-defaults") demand(request, "service", "read", name);
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
  return () => {
    demandWrite(request, kind, name);
    return json(request, {});
  };
};

export const setConfigEntry: DatacenterEndpoint = async (request) => {
  const { kind, name } = await readJson(request, {
    decode: decodeConfigEntry,
    fault: badRequest("Request decoding failed: "),
  });
  if (!isEntryKind(kind)) throw new HttpError(400, `Bad request: Request decoding failed: ${unknownKind(kind)}`);
  return () => {
    demandWrite(request, kind, name);
    throw new HttpError(500, `${notEnabled}: there is no service mesh here that would heed a ${kind}`);
  };
};

/** Demands the right to write an entry of this kind: those of a service belong to the service, all others to the operator. */
function demandWrite(request: HttpRequest, kind: string, name: string): void {
  if (kind.startsWith("service-")) demand(request, "service", "write", name);
  else demand(request, "operator", "write");
}

function entryOf({ rest }: HttpRequest): { readonly kind: string; readonly name: string | undefined } {
  const at = rest.indexOf("/");
  return at < 0 ? { kind: rest, name: undefined } : { kind: rest.slice(0, at), name: rest.slice(at + 1) };
}

function unknownKind(kind: string): string {
  return `invalid config entry kind: ${kind}`;
}
