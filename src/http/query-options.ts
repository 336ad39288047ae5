import { parseDuration } from "../lib/duration.ts";
import { HttpError } from "./http-error.ts";
import { QueryString } from "./query-string.ts";

/** The parameters that all reads share. */
export interface QueryOptions {
  /** The `index` of a blocking query; 0 for an answer at once. */
  readonly index: number;
  readonly waitMs: number | undefined;
  readonly consistency: "leader" | "stale" | "consistent";
  /** The `max_stale` of a stale read in milliseconds; undefined for a read that may be stale by any time. */
  readonly maxStaleMs: number | undefined;
}

const plain: QueryOptions = { index: 0, waitMs: undefined, consistency: "leader", maxStaleMs: undefined };

/** Parses index, wait and consistency. @throws HttpError 400 with Consul's text */
export function parseQueryOptions(query: QueryString): QueryOptions {
  if (!query.hasAny) return plain;
  const consistency = parseConsistency(query);
  return { ...parseWaiting(query), consistency, maxStaleMs: parseMaxStale(query.get("max_stale")) };
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

/** Returns the consistency of a request for this path and query; undefined if it has `max_stale`, or is invalid. */
export function consistencyOfTarget(target: string): QueryOptions["consistency"] | undefined {
  const at = target.indexOf("?");
  if (at < 0) return "leader";
  const query = new QueryString(target.slice(at + 1));
  if (query.has("max_stale")) return undefined;
  if (query.has("consistent")) return query.has("stale") ? undefined : "consistent";
  return query.has("stale") ? "stale" : "leader";
}

/** Parses `stale`, `consistent` and `max_stale`. @throws HttpError 400 with Consul's text */
export function parseConsistency(query: QueryString): QueryOptions["consistency"] {
  const consistent = query.has("consistent");
  const stale = query.has("stale") || parseMaxStale(query.get("max_stale")) !== undefined;
  if (consistent && stale) {
    throw new HttpError(400, "Cannot specify ?stale with ?consistent, conflicting semantics.");
  }
  if (consistent && query.has("cached")) {
    throw new HttpError(400, "Cannot specify ?cached with ?consistent, conflicting semantics.");
  }
  if (consistent) return "consistent";
  return stale ? "stale" : "leader";
}

function parseMaxStale(text: string | undefined): number | undefined {
  if (text === undefined || text === "") return undefined;
  try {
    const ms = parseDuration(text);
    return ms > 0 ? ms : undefined;
  } catch {
    throw new HttpError(400, `Invalid max_stale value ${JSON.stringify(text)}`);
  }
}
