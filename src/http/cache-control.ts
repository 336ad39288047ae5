import { HttpError } from "./http-error.ts";

/** What a client says of how old a cached answer may be. */
export interface CacheControl {
  /** 0: of any age. */
  readonly maxAgeMs: number;
  readonly mustRevalidate: boolean;
}

/**
 * Reads the header Cache-Control of a request, of which the other directives mean nothing here: `stale-if-error`
 * must be a number and does nothing, for what answers is this agent itself.
 * @throws HttpError 400 with Consul's words
 */
export function parseCacheControl(header: string | null): CacheControl {
  let [maxAgeMs, mustRevalidate] = [0, false];
  for (const directive of (header ?? "").toLowerCase().split(",")) {
    const [name, ...rest] = directive.trim().split("=");
    const value = rest.join("=");
    if (name === "must-revalidate" && rest.length === 0) mustRevalidate = true;
    if (rest.length === 0) continue;
    if (name === "stale-if-error") parseSeconds(value);
    if (name !== "max-age") continue;
    maxAgeMs = parseSeconds(value) * 1000;
    // Consul: none at all is not "whatever age", which 0 would say.
    mustRevalidate ||= maxAgeMs === 0;
  }
  return { maxAgeMs, mustRevalidate };
}

function parseSeconds(text: string): number {
  if (!/^[+-]?\d{1,18}$/.test(text)) throw new HttpError(400, "Invalid Cache-Control header.");
  return Number(text);
}
