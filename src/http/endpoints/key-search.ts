import { type KeyMatch, searchKeys } from "../../registry/key-search.ts";
import { json } from "../answers.ts";
import { demand, demandKeyList } from "../demand.ts";
import { HttpError } from "../http-error.ts";
import { parseCount, requireName } from "../parameters.ts";
import type { DatacenterEndpoint } from "../route.ts";

const limitDefault = 200;
const limitMax = 1_000;
/** Maximum length of a text to find, in characters. */
const textLengthMax = 256;

/** Finds the keys that contain a text in their name or in their value, among those that the caller may read. */
export const findKeys: DatacenterEndpoint = (request) => {
  const { query } = request;
  const text = query.get("q") ?? "";
  if (text === "") throw new HttpError(400, "Bad request: q is missing, the text to find");
  if (text.length > textLengthMax)
    throw new HttpError(400, `Bad request: q is longer than ${textLengthMax} characters`);
  const where = (query.get("in") ?? "keys,values").split(",");
  const unknown = where.find((each) => each !== "keys" && each !== "values");
  if (unknown !== undefined)
    throw new HttpError(400, `Bad request: in is keys, values or both with a comma, not ${JSON.stringify(unknown)}`);
  const limit = Math.min(parseCount(query, "limit") ?? limitDefault, limitMax);
  const prefix = query.get("prefix") ?? "";
  demandKeyList(request, prefix);
  return async () => {
    const search = { text, prefix, inKeys: where.includes("keys"), inValues: where.includes("values"), limit };
    const { searched, found, matches } = await searchKeys(request.caller.registry.state, search, request.signal);
    return json(request, { Searched: searched, Found: found, Matches: matches.map(encodeMatch) });
  };
};

function encodeMatch({ entry, inKey, excerpt }: KeyMatch): object {
  const { key, value, modifyIndex } = entry;
  return {
    ...{ Key: key, InKey: inKey, Bytes: value.length, ModifyIndex: modifyIndex },
    ...(excerpt !== undefined && { Excerpt: excerpt }),
  };
}

/** Answers with the number of blocking queries on this server that wait for a change of a key, or of a tree that contains it. */
export const countWatchers: DatacenterEndpoint = (request) => {
  const key = requireName(request.rest, "Missing key name");
  return ({ store }) => {
    demand(request, "key", "read", key);
    return json(request, { Key: key, Watchers: store.watchersOf(key) });
  };
};
