import { parseCacheControl } from "./cache-control.ts";
import type { HttpRequest } from "./http-request.ts";
import { parseConsistency, parseQueryOptions } from "./query-options.ts";

/**
 * Consul says what is wrong with the parameters that many endpoints share before it looks at anything else of a request.
 * Which endpoints look at them is Consul's habit rather than a rule, so it stands here by path and method.
 * @param path the route's
 * @throws HttpError 400 with Consul's words
 */
export function checkCommonParameters(path: string, method: string, request: HttpRequest): void {
  const { query } = request;
  if (!query.hasAny) return;
  if (path === datacenters) parseConsistency(query);
  else if (isRead(path, method)) parseQueryOptions(query);
  if (query.has("cached") && method === "GET") parseCacheControl(request.raw.headers.get("cache-control"));
}

const datacenters = "/v1/catalog/datacenters";

function isRead(path: string, method: string): boolean {
  if (method === "GET") return path.startsWith("/v1/") && !ownParameters.test(path);
  return readsToo.has(`${method} ${path}`);
}

/** Endpoints that read without the options of a read, or with some of them. */
const ownParameters =
  /^\/v1\/(?:acl\/|agent\/(?!connect\/)|coordinate\/datacenters|event\/|operator\/keyring|snapshot|catalog\/datacenters)/;

const readsToo: ReadonlySet<string> = new Set([
  ...["PUT /v1/kv/", "DELETE /v1/kv/", "PUT /v1/session/renew/", "POST /v1/discovery-chain/"],
]);
