import type { Script, Step } from "../../recorded/script.ts";
import { by, grant, secretOf } from "./callers.ts";
import { masterSecret } from "./master-secret.ts";

const [holder, other] = [secretOf(1), secretOf(2)];
const asHolder = { "X-Consul-Token": holder };
const asOther = { "X-Consul-Token": other };
const accessorOf = (number: number): string => `7f3f8f6c-6f0e-4a66-9e1c-0d4f0c6a01${String(number).padStart(2, "0")}`;
const reading = `node_prefix "" { policy = "read" } service_prefix "" { policy = "read" } key_prefix "a" { policy = "read" }
  session_prefix "" { policy = "read" } query_prefix "" { policy = "read" }`;

function master(request: string, body?: unknown): Step {
  return [request, body, { headers: { "X-Consul-Token": masterSecret } }];
}

const service = { Node: "n2", Address: "10.0.0.2", Service: { ID: "web1", Service: "web" } };

export const motion: Script = [
  ...grant(1, reading),
  ...grant(2, 'service "none" { policy = "read" }'),
  ...by(masterSecret, [
    ["PUT /v1/kv/a", "1"],
    ["PUT /v1/catalog/register", service],
  ]),

  // A caller whose rights do not suffice does not wait.
  ["GET /v1/kv/a?index=999999&wait=10m", undefined, { headers: asOther }],
  ["GET /v1/agent/self?index=999999", undefined, { headers: asOther }],

  // A change that the caller may not see wakes its query.
  ["GET /v1/health/service/web", undefined, { headers: asOther, as: "unseen" }],
  [
    "GET /v1/health/service/web?index={unseen.X-Consul-Index}&wait=1m",
    undefined,
    {
      headers: asOther,
      meanwhile: master("PUT /v1/catalog/register", { ...service, Service: { ...service.Service, Port: 1 } }),
    },
  ],
  ["GET /v1/kv/?recurse", undefined, { headers: asOther, as: "unseenkeys" }],
  [
    "GET /v1/kv/?recurse&index={unseenkeys.X-Consul-Index}&wait=1m",
    undefined,
    { headers: asOther, meanwhile: master("PUT /v1/kv/a", "2") },
  ],

  // Rights that are granted count at once, and for a query that waits at its next change.
  ["GET /v1/health/service/web", undefined, { headers: asOther, as: "granted" }],
  master("PUT /v1/acl/token/" + accessorOf(2), {
    AccessorID: accessorOf(2),
    SecretID: other,
    Policies: [{ Name: "policy-1" }],
  }),
  ["GET /v1/health/service/web", undefined, { headers: asOther, as: "shown" }],
  ["GET /v1/kv/a", undefined, { headers: asOther }],
  master("PUT /v1/acl/token/" + accessorOf(2), {
    AccessorID: accessorOf(2),
    SecretID: other,
    Policies: [{ Name: "policy-2" }],
  }),
  ["GET /v1/health/service/web", undefined, { headers: asOther }],
  ["GET /v1/kv/a", undefined, { headers: asOther }],

  // A policy that loses its rules holds at once.
  ["GET /v1/acl/policy/name/policy-2", undefined, { headers: { "X-Consul-Token": masterSecret }, as: "policy" }],
  master("PUT /v1/acl/policy/{policy.ID}", { ID: "{policy.ID}", Name: "policy-2", Rules: reading }),
  ["GET /v1/kv/a", undefined, { headers: asOther }],
  ["GET /v1/catalog/node/n2", undefined, { headers: asOther }],
  master("DELETE /v1/acl/policy/{policy.ID}"),
  ["GET /v1/kv/a", undefined, { headers: asOther }],
  ["GET /v1/catalog/node/n2", undefined, { headers: asOther }],

  // A waiting query of a list asks for the token again when it wakes.
  ["GET /v1/health/service/web", undefined, { headers: asHolder, as: "last" }],
  ["GET /v1/kv/a", undefined, { headers: asHolder }],
  [
    "GET /v1/health/service/web?index={last.X-Consul-Index}&wait=1m",
    undefined,
    { headers: asHolder, meanwhile: master("PUT /v1/catalog/register", service) },
  ],
  master("DELETE /v1/acl/token/" + accessorOf(1)),
  ["GET /v1/health/service/web", undefined, { headers: asHolder }],
  ["GET /v1/kv/a", undefined, { headers: asHolder }],
  ["GET /v1/health/service/web?index=1", undefined, { headers: asHolder }],

  // The default token is that of each request without a token.
  "GET /v1/kv/a",
  master("PUT /v1/agent/token/default", { Token: other }),
  "GET /v1/kv/a",
  "GET /v1/acl/token/self",
  master("PUT /v1/agent/token/default", { Token: holder }),
  "GET /v1/kv/a",
  "GET /v1/catalog/nodes",
  "GET /v1/status/leader",
  master("PUT /v1/agent/token/default", { Token: "" }),
  "GET /v1/kv/a",

  // The agent's master token holds on the agent only.
  master("PUT /v1/agent/token/agent_master", { Token: holder }),
  ["GET /v1/agent/services", undefined, { headers: asHolder }],
  ["GET /v1/agent/checks", undefined, { headers: asHolder }],
  ["GET /v1/agent/host", undefined, { headers: asHolder }],
  ["PUT /v1/agent/maintenance?enable=true", undefined, { headers: asHolder }],
  ["PUT /v1/agent/force-leave/nobody", undefined, { headers: asHolder }],
  ["PUT /v1/agent/service/register", { Name: "x" }, { headers: asHolder }],
  ["GET /v1/kv/a", undefined, { headers: asHolder }],
  ["GET /v1/catalog/nodes", undefined, { headers: asHolder }],
  ["GET /v1/event/list", undefined, { headers: asHolder }],
];
