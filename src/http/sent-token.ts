import { pageWithoutToken, type SentToken } from "../registry/caller.ts";
import { isBrowsers } from "./browser.ts";
import { QueryString } from "./query-string.ts";

/**
 * Returns the token of a request as access control takes it: the secret that it brings, else whether a page of a browser sent it.
 * Every browser in the network reaches the agent, and each page in it, so none is lent the agent's own token (hashicorp/consul#4056).
 * @param target path and query, encoded
 */
export function sentToken(request: Request, target: string): SentToken {
  return sentSecret(request, target) ?? (isBrowsers(request) ? pageWithoutToken : undefined);
}

/**
 * Returns the secret of the token that a request brings; undefined if it brings none. Consul: `?token=` beats the header
 * X-Consul-Token, which beats a bearer token, and an empty one is none.
 * @param target path and query, encoded
 */
export function sentSecret({ headers }: Request, target: string): string | undefined {
  return inQuery(target) || headers.get("x-consul-token") || bearer(headers.get("authorization")) || undefined;
}

function inQuery(target: string): string | undefined {
  const queryAt = target.indexOf("?");
  if (queryAt < 0) return undefined;
  const query = target.slice(queryAt + 1);
  return /token|%/.test(query) ? new QueryString(query).get("token") : undefined;
}

/** Consul: the scheme matters in no letter case, and of several words after it the first is the token. */
function bearer(header: string | null): string | undefined {
  const [, token] = /^bearer\s+(\S+)/i.exec(header?.trim() ?? "") ?? [];
  return token;
}
