import type { Script } from "../script.ts";

const reads = [
  ...["/v1/catalog/nodes", "/v1/catalog/services", "/v1/catalog/service/consul", "/v1/catalog/node/node1"],
  ...["/v1/catalog/node-services/node1", "/v1/health/node/node1", "/v1/health/checks/consul", "/v1/health/state/any"],
  ...["/v1/health/service/consul", "/v1/kv/a", "/v1/session/list", "/v1/session/node/node1", "/v1/internal/ui/nodes"],
];

export const options: Script = [
  ["PUT /v1/kv/a", "x"],
  ...reads.flatMap((path) =>
    ["stale", "consistent", "max_stale=10s", "stale&consistent", "dc=nowhere", "dc=dc1"].map(
      (query) => `GET ${path}?${query}`,
    ),
  ),
  "GET /v1/kv/a?max_stale=x",
  "GET /v1/kv/a?max_stale=",
  "GET /v1/kv/a?cached&consistent",
  "GET /v1/kv/a?stale=false",
  "GET /v1/kv/a?index=&index=x",
  "GET /v1/kv/a?index=x&index=1",
  "GET /v1/kv/a?token=x&near=_agent&unknown=1",
  "GET /v1/kv/a?dc=",
  "GET /v1/kv/a?dc=DC1",
  "GET /v1/kv/a?ns=default",
  "GET /v1/kv/a?a=%zz",
  "GET /v1/kv/a?&;&",
  "GET /v1/kv/a?raw=false",
  "GET /v1/kv/a?pretty=false",
  ["PUT /v1/kv/b?stale&consistent", "x"],
  ["PUT /v1/kv/b?dc=nowhere", "x"],
  "DELETE /v1/kv/b?dc=nowhere",
  ["GET /v1/kv/a", undefined, { headers: { Accept: "text/html" } }],
  ["GET /v1/kv/a", undefined, { headers: { "Accept-Encoding": "gzip" } }],
  ["GET /v1/kv/a", undefined, { headers: { "X-Consul-Namespace": "default" } }],
  ["GET /v1/kv/a", undefined, { headers: { Origin: "http://192.0.2.1" } }],
  ["GET /v1/kv/a", undefined, { headers: { "If-None-Match": "x" } }],
  ["GET /v1/kv/a", "a body"],
];
