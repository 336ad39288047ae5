import type { Script } from "../script.ts";

const reads = ["services", "nodes", "node/node1", "node/edge"].map((path) => `GET /v1/internal/ui/${path}`);

export const internalUi: Script = [
  ...reads,
  "GET /v1/internal/ui/node/",
  "GET /v1/internal/ui/node/nobody",
  "GET /v1/internal/ui/nodes?dc=nowhere",
  "GET /v1/internal/ui/services?dc=nowhere",
  "GET /v1/internal/ui/node/node1?dc=nowhere",
  "GET /v1/internal/ui/nodes?pretty",
  "GET /v1/internal/ui/nodes?stale&consistent",
  [
    "PUT /v1/agent/service/register",
    { Name: "web", Tags: ["b", "a"], Port: 80, Meta: { m: "1" }, Check: { TTL: "1h", Status: "passing" } },
  ],
  [
    "PUT /v1/catalog/register",
    {
      Node: "edge",
      Address: "192.0.2.1",
      Service: { ID: "web-2", Service: "web", Tags: ["c"] },
      Check: { CheckID: "web", Name: "web", Status: "warning", ServiceID: "web-2" },
    },
  ],
  [
    "PUT /v1/catalog/register",
    { Node: "edge", Address: "192.0.2.1", Check: { CheckID: "n", Name: "n", Status: "critical" } },
  ],
  ...reads,
  "GET /v1/internal/ui/services?filter=Name==web",
  "GET /v1/internal/ui/services?filter=Nope==1",
  "GET /v1/internal/ui/nodes?filter=Node==edge",
  "GET /v1/internal/ui/services?node-meta=a:b",
  "GET /v1/internal/ui/nodes?node-meta=a:b",
];
