import { HttpError } from "./http-error.ts";
import { parseBool } from "../lib/go-bool.ts";
import type { QueryString } from "./query-string.ts";

/** Parses `?node-meta=key:value`, which a query may have any number of times. */
export function parseNodeMeta(query: QueryString): Readonly<Record<string, string>> {
  const pairs = query.all("node-meta").map((pair): [string, string] => {
    const at = pair.indexOf(":");
    return at < 0 ? [pair, ""] : [pair.slice(0, at), pair.slice(at + 1)];
  });
  return Object.fromEntries(pairs);
}

export function requireName(name: string, missing: string): string {
  if (name === "") throw new HttpError(400, missing);
  return name;
}

/** Parses `?passing`. Consul: `?passing` and `?passing=` are true. @throws HttpError 400 if the value is not a boolean */
export function parsePassing(query: QueryString): boolean {
  const text = query.get("passing");
  if (text === undefined) return false;
  if (text === "") return true;
  const passing = parseBool(text);
  if (passing === undefined) throw new HttpError(400, "Invalid value for ?passing");
  return passing;
}

/** Parses `?enable=` of maintenance. @throws HttpError 400 if it is absent or not a boolean */
export function parseEnable(query: QueryString): boolean {
  const text = query.get("enable");
  if (text === undefined) throw new HttpError(400, "Missing value for enable");
  const enable = parseBool(text);
  if (enable === undefined) throw new HttpError(400, `Invalid value for enable: ${JSON.stringify(text)}`);
  return enable;
}

/** Parses a parameter that is a number of things; undefined if it is absent or empty. @throws HttpError 400 if it is not a whole number */
export function parseCount(query: QueryString, name: string): number | undefined {
  const text = query.get(name) ?? "";
  if (text === "") return undefined;
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new HttpError(400, `Bad request: ${name} is not a whole number: ${JSON.stringify(text)}`);
}
