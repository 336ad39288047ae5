import { parseDuration } from "../lib/duration.ts";
import { HttpError } from "./http-error.ts";
import type { QueryString } from "./query-string.ts";

/** The parameters that all reads share. */
export interface QueryOptions {
  /** The `index` of a blocking query; 0 for an answer at once. */
  readonly index: number;
  readonly waitMs: number | undefined;
  readonly consistency: "leader" | "stale" | "consistent";
}

const plain: QueryOptions = { index: 0, waitMs: undefined, consistency: "leader" };

/** Parses index, wait and consistency. @throws HttpError 400 with Consul's text */
export function parseQueryOptions(query: QueryString): QueryOptions {
  if (!query.hasAny) return plain;
  const consistency = parseConsistency(query);
  return { ...parseWaiting(query), consistency };
}

/** Parses `index` and `wait`. @throws HttpError 400 with Consul's text */
export function parseWaiting(query: QueryString): Pick<QueryOptions, "index" | "waitMs"> {
  const waitMs = parseWait(query.get("wait"));
  return { waitMs, index: parseIndex(query.get("index")) };
}

function parseIndex(text: string | undefined): number {
  if (text === undefined || text === "") return 0;
  if (!/^\d+$/.test(text) || BigInt(text) >= 2n ** 64n) throw new HttpError(400, "Invalid index");
  return Number(text);
}

function parseWait(text: string | undefined): number | undefined {
  if (text === undefined || text === "") return undefined;
  try {
    return parseDuration(text);
  } catch {
    throw new HttpError(400, "Invalid wait time");
  }
}

/** Parses `stale`, `consistent` and `max_stale`. @throws HttpError 400 with Consul's text */
export function parseConsistency(query: QueryString): QueryOptions["consistency"] {
  const consistent = query.has("consistent");
  const stale = query.has("stale") || hasMaxStale(query.get("max_stale"));
  if (consistent && stale) {
    throw new HttpError(400, "Cannot specify ?stale with ?consistent, conflicting semantics.");
  }
  if (consistent && query.has("cached")) {
    throw new HttpError(400, "Cannot specify ?cached with ?consistent, conflicting semantics.");
  }
  if (consistent) return "consistent";
  return stale ? "stale" : "leader";
}

function hasMaxStale(text: string | undefined): boolean {
  if (text === undefined || text === "") return false;
  try {
    return parseDuration(text) > 0;
  } catch {
    throw new HttpError(400, `Invalid max_stale value ${JSON.stringify(text)}`);
  }
}
