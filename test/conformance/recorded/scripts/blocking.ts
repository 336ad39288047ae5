import type { Script } from "../script.ts";

const node = { Node: "edge", Address: "192.0.2.1" };
const web = { ID: "web-1", Service: "web", Port: 80 };

export const blocking: Script = [
  // Blocking queries for a key.
  ["PUT /v1/kv/a", "one"],
  "GET /v1/kv/a",
  "GET /v1/kv/a?index={X-Consul-Index}&wait=10ms",
  ["GET /v1/kv/a?index={X-Consul-Index}&wait=5s", undefined, { meanwhile: ["PUT /v1/kv/a", "two"] }],
  ["GET /v1/kv/a?index={X-Consul-Index}&wait=5s", undefined, { meanwhile: "DELETE /v1/kv/a" }],
  "GET /v1/kv/a",
  ["GET /v1/kv/a?index={X-Consul-Index}&wait=5s&raw", undefined, { meanwhile: ["PUT /v1/kv/a", "three"] }],
  ["GET /v1/kv/a?index={X-Consul-Index}&wait=100ms", undefined, { meanwhile: ["PUT /v1/kv/a", "three"] }],
  ["GET /v1/kv/a?index={X-Consul-Index}&wait=100ms", undefined, { meanwhile: ["PUT /v1/kv/z/other", "x"] }],

  // Blocking queries for a folder.
  "GET /v1/kv/tree/?recurse",
  ["GET /v1/kv/tree/?recurse&index={X-Consul-Index}&wait=5s", undefined, { meanwhile: ["PUT /v1/kv/tree/a", "x"] }],
  ["GET /v1/kv/tree/?keys&index={X-Consul-Index}&wait=5s", undefined, { meanwhile: ["PUT /v1/kv/tree/b", "x"] }],
  ["GET /v1/kv/tree/?recurse&index={X-Consul-Index}&wait=5s", undefined, { meanwhile: "DELETE /v1/kv/tree/a" }],
  ["GET /v1/kv/tree/?keys&index={X-Consul-Index}&wait=5s", undefined, { meanwhile: "DELETE /v1/kv/tree/?recurse" }],

  // Blocking queries for nodes, services and checks.
  "GET /v1/catalog/nodes",
  [
    "GET /v1/catalog/nodes?index={X-Consul-Index}&wait=5s",
    undefined,
    { meanwhile: ["PUT /v1/catalog/register", node] },
  ],
  "GET /v1/catalog/services",
  [
    "GET /v1/catalog/services?index={X-Consul-Index}&wait=5s",
    undefined,
    { meanwhile: ["PUT /v1/catalog/register", { ...node, Service: web }] },
  ],
  "GET /v1/catalog/service/web",
  [
    "GET /v1/catalog/service/web?index={X-Consul-Index}&wait=5s",
    undefined,
    { meanwhile: ["PUT /v1/catalog/register", { ...node, Service: { ...web, Port: 81 } }] },
  ],
  "GET /v1/health/service/web",
  [
    "GET /v1/health/service/web?index={X-Consul-Index}&wait=5s",
    undefined,
    {
      meanwhile: [
        "PUT /v1/catalog/register",
        { ...node, Check: { CheckID: "alive", Name: "alive", Status: "passing", ServiceID: "web-1" } },
      ],
    },
  ],
  "GET /v1/health/service/web?passing",
  [
    "GET /v1/health/service/web?passing&index={X-Consul-Index}&wait=5s",
    undefined,
    {
      meanwhile: [
        "PUT /v1/catalog/register",
        { ...node, Check: { CheckID: "alive", Name: "alive", Status: "critical", ServiceID: "web-1" } },
      ],
    },
  ],
  "GET /v1/health/state/critical",
  [
    "GET /v1/health/state/critical?index={X-Consul-Index}&wait=5s",
    undefined,
    { meanwhile: ["PUT /v1/catalog/deregister", { Node: "edge", CheckID: "alive" }] },
  ],
  "GET /v1/catalog/service/web",
  [
    "GET /v1/catalog/service/web?index={X-Consul-Index}&wait=5s",
    undefined,
    { meanwhile: ["PUT /v1/catalog/deregister", { Node: "edge", ServiceID: "web-1" }] },
  ],
  "GET /v1/catalog/node/edge",

  // Blocking queries for sessions.
  "GET /v1/session/list",
  ["GET /v1/session/list?index={X-Consul-Index}&wait=5s", undefined, { meanwhile: "PUT /v1/session/create" }],
  "GET /v1/session/info/{ID}",
  [
    "GET /v1/session/info/{ID}?index={X-Consul-Index}&wait=5s",
    undefined,
    { meanwhile: "PUT /v1/session/destroy/{ID}" },
  ],

  // Blocking queries for events.
  "GET /v1/event/list",
  "GET /v1/event/list?index={X-Consul-Index}&wait=10ms",

  // Unusual and invalid indexes and waits.
  "GET /v1/kv/a?index=0",
  "GET /v1/kv/a?index=",
  "GET /v1/kv/a?index=999999999&wait=10ms",
  "GET /v1/kv/a?index=x",
  "GET /v1/kv/a?index=-1",
  "GET /v1/kv/a?index=1.5",
  "GET /v1/kv/a?wait=x",
  "GET /v1/kv/a?wait=10",
  "GET /v1/kv/a?wait=",
  "GET /v1/kv/a?wait=-1s",
  "GET /v1/kv/a?index=1&wait=1h",
  "GET /v1/catalog/nodes?index=x",
  "GET /v1/catalog/nodes?wait=x",
  "GET /v1/health/state/any?index=x",
  "GET /v1/session/list?index=x",
  "GET /v1/event/list?index=x",
  "GET /v1/internal/ui/nodes?index=x",
  "GET /v1/coordinate/nodes?index=x",
];
