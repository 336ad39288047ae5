import { HttpError } from "./http-error.ts";

/** The Cache-Control header of a request: how old a cached answer may be. */
export interface CacheControl {
  /** Maximum age of a cached answer in milliseconds; 0 accepts any age. */
  readonly maxAgeMs: number;
  readonly mustRevalidate: boolean;
}

/**
 * Parses `max-age` and `must-revalidate` in a request's Cache-Control header. Other directives have no effect. The value of
 * `stale-if-error` must still be a number, as in Consul, although this agent always answers from its own state.
 * @throws HttpError 400 with Consul's text
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
    // Consul: max-age=0 demands a new answer, while a maxAgeMs of 0 accepts any age.
    mustRevalidate ||= maxAgeMs === 0;
  }
  return { maxAgeMs, mustRevalidate };
}

function parseSeconds(text: string): number {
  if (!/^[+-]?\d{1,18}$/.test(text)) throw new HttpError(400, "Invalid Cache-Control header.");
  return Number(text);
}
