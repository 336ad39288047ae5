import { HttpError } from "./http-error.ts";
import type { HttpRequest } from "./http-request.ts";

/** The paths whose services, keys and sessions are in namespaces where there are any. */
const namespaced =
  /^\/v1\/(kv\/|session\/|health\/|config\/|discovery-chain\/|internal\/ui\/|catalog\/(?!nodes|datacenters)|agent\/(service|check|health\/|connect\/(authorize|ca\/leaf\/)))/;

/**
 * Refuses what is meant for a namespace, lest it be done to all: there are none, as in Consul without its enterprise
 * features. The header is looked at in changes only, so that reads need not look for it.
 * @throws HttpError 400 with Consul's words
 */
export function refuseNamespace(path: string, { method, query, raw }: HttpRequest): void {
  const named = (query.get("ns") ?? "") !== "";
  const headed = method !== "GET" && (raw.headers.get("x-consul-namespace") ?? "") !== "";
  if (!(named || headed) || !namespaced.test(path)) return;
  const where = headed ? 'header: "X-Consul-Namespace"' : 'query parameter: "ns"';
  throw new HttpError(400, `Bad request: Invalid ${where} - Namespaces are a Consul Enterprise feature`);
}
