import { QueryString } from "./query-string.ts";
import { pathOf } from "./sent-path.ts";

/**
 * Returns the secret of the token that a request brings; undefined if it brings none. Consul: `?token=` beats the header
 * X-Consul-Token, which beats a bearer token, and an empty one is none.
 * @param target path and query, encoded
 */
export function sentToken({ headers }: Request, target: string): string | undefined {
  return inQuery(target) || headers.get("x-consul-token") || bearer(headers.get("authorization")) || undefined;
}

function inQuery(target: string): string | undefined {
  if (!/token|%/i.test(target)) return undefined;
  return new QueryString(target.slice(pathOf(target).length + 1)).get("token");
}

/** Consul: the scheme matters in no letter case, and of several words after it the first is the token. */
function bearer(header: string | null): string | undefined {
  const [, token] = /^bearer\s+(\S+)/i.exec(header?.trim() ?? "") ?? [];
  return token;
}
