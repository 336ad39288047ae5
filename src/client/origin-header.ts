import type { ToldOrigin } from "../model/value-origin.ts";

/** Returns the header in which a client tells an agent where the values come from that it writes. Consul ignores it. */
export function originHeaders(origin: ToldOrigin): Readonly<Record<string, string>> {
  return { "X-Praetor-Origin": origin };
}
