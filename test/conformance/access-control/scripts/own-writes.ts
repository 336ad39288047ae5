import type { Script, Step } from "../../recorded/script.ts";
import { type Asked, by, grant, secretOf } from "./callers.ts";
import { masterSecret } from "./master-secret.ts";

const [web, api, checks, lasting] = [1, 2, 3, 4].map(secretOf);
const accessorOf = (number: number): string => `7f3f8f6c-6f0e-4a66-9e1c-0d4f0c6a01${String(number).padStart(2, "0")}`;

/** Waits, until the agent has written what it may to the catalog. */
const pause: Script = [
  ["GET /v1/kv/never", undefined, { headers: { "X-Consul-Token": masterSecret }, as: "pause" }],
  ["GET /v1/kv/never?index={pause.X-Consul-Index}&wait=1s", undefined, { headers: { "X-Consul-Token": masterSecret } }],
];

/** Asks what the agent has, and how much of it is in the catalog. */
const shown: Script = by(masterSecret, [
  "GET /v1/agent/services",
  "GET /v1/agent/checks",
  "GET /v1/catalog/services",
  ...["own-web", "own-api", "own-lasting"].flatMap((name) => [
    `GET /v1/catalog/service/${name}`,
    `GET /v1/health/checks/${name}`,
  ]),
  'GET /v1/health/node/node1?filter=CheckID=="own-of-node"',
]);

function then(...steps: readonly Step[]): Script {
  return [...steps, ...pause, ...shown];
}

function master(...requests: readonly Asked[]): Script {
  return by(masterSecret, requests);
}

const register = "PUT /v1/agent/service/register";
const withCheck = (ID: string, Name: string): Asked => [
  register,
  { ID, Name, Port: 80, Check: { CheckID: `ttl-${ID}`, TTL: "10m", Status: "passing" } },
];

export const ownWrites: Script = [
  ...grant(1, 'service "own-web" { policy = "write" }'),
  ...grant(2, 'service "own-api" { policy = "write" } node_prefix "" { policy = "read" }'),
  ...grant(3, 'node "node1" { policy = "write" }'),
  ...grant(4, 'service "own-lasting" { policy = "write" }'),

  // Each is written with the token that registered it.
  ...then(
    ...by(web, [withCheck("web1", "own-web")]),
    ...by(api, [withCheck("api1", "own-api")]),
    ...by(checks, [
      ["PUT /v1/agent/check/register", { ID: "own-of-node", Name: "of node", TTL: "10m", Status: "passing" }],
    ]),
    ...by(lasting, [withCheck("lasting1", "own-lasting")]),
  ),

  // A check of a service that another token registered.
  ...then(
    ...master([
      "PUT /v1/agent/check/register",
      { ID: "second", Name: "second", TTL: "10m", ServiceID: "web1", Status: "passing" },
    ]),
  ),

  // A token that a body names does not count.
  ...then(
    ...by(web, [[register, { ID: "web2", Name: "own-web", Token: "no-such-token" }]]),
    ...by(web, [[register, { ID: "other", Name: "other", Token: masterSecret }]]),
  ),

  // The token may no longer write the service.
  ["GET /v1/acl/policy/name/policy-1", undefined, { headers: { "X-Consul-Token": masterSecret }, as: "policy" }],
  ...then(
    ...master([
      "PUT /v1/acl/policy/{policy.ID}",
      { ID: "{policy.ID}", Name: "policy-1", Rules: 'service "own-web" { policy = "read" }' },
    ]),
    ...master("PUT /v1/agent/check/fail/ttl-web1", "PUT /v1/agent/check/warn/second"),
  ),
  ...then(...master("PUT /v1/agent/service/maintenance/web1?enable=true&reason=r")),
  ...then(...master("PUT /v1/agent/service/deregister/web2")),
  ...then(
    ...master([
      "PUT /v1/acl/policy/{policy.ID}",
      { ID: "{policy.ID}", Name: "policy-1", Rules: 'service "own-web" { policy = "write" }' },
    ]),
    ...by(web, ["PUT /v1/agent/service/maintenance/web1?enable=false"]),
  ),

  // The token is deleted.
  ...then(...master(`DELETE /v1/acl/token/${accessorOf(2)}`), ...master("PUT /v1/agent/check/fail/ttl-api1")),
  ...then(...master("PUT /v1/agent/check/deregister/ttl-api1")),
  ...then(...master("PUT /v1/agent/service/deregister/api1")),
  ...then(...master(`DELETE /v1/acl/token/${accessorOf(3)}`, "PUT /v1/agent/check/warn/own-of-node")),
  ...then(...master("PUT /v1/agent/check/deregister/own-of-node")),

  // A service that is registered anew has the new token.
  ...then(
    ...master(`DELETE /v1/acl/token/${accessorOf(4)}`, "PUT /v1/agent/check/fail/ttl-lasting1"),
    ...master(withCheck("lasting1", "own-lasting")),
  ),
  ...then(...master("PUT /v1/agent/service/deregister/lasting1")),

  // The agent's own token may no longer write.
  ...then(
    ...master(["PUT /v1/agent/token/agent", { Token: web }]),
    ...by(web, [withCheck("web3", "own-web")]),
    ...master("PUT /v1/agent/service/deregister/web1"),
  ),
  ...then(...master(["PUT /v1/agent/token/agent", { Token: "no-such-token" }], withCheck("free1", "free"))),
  ...then(...master(["PUT /v1/agent/token/agent", { Token: masterSecret }])),
];
