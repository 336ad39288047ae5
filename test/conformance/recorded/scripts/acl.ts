import type { Script } from "../script.ts";

const kinds = ["token", "policy", "role", "binding-rule", "auth-method"];

export const acl: Script = [
  ...kinds.flatMap((kind): Script => [
    [`PUT /v1/acl/${kind}`, { Name: "x" }],
    [`PUT /v1/acl/${kind}`, "{"],
    `GET /v1/acl/${kind}`,
    `GET /v1/acl/${kind}/x`,
    [`PUT /v1/acl/${kind}/x`, { Name: "x" }],
    `DELETE /v1/acl/${kind}/x`,
    [`POST /v1/acl/${kind}/x`, ""],
    `GET /v1/acl/${kind}/`,
  ]),
  ...[
    "tokens",
    "policies",
    "roles",
    "binding-rules",
    "auth-methods",
    "list",
    "replication",
    "token/self",
    "policy/name/x",
  ].map((path) => `GET /v1/acl/${path}`),
  ...["role/name/x", "info/x", "rules/translate/x", "rules/translate", "nope", ""].map((path) => `GET /v1/acl/${path}`),
  ...["bootstrap", "create", "update", "destroy/x", "clone/x", "token/x/clone"].map((path) => `PUT /v1/acl/${path}`),
  ["POST /v1/acl/login", { AuthMethod: "x" }],
  "POST /v1/acl/logout",
  ["POST /v1/acl/rules/translate", "x"],
  "GET /v1/acl/login",
  "GET /v1/acl/tokens?dc=nowhere",
  ["GET /v1/kv/a", undefined, { headers: { "X-Consul-Token": "anything" } }],
  "GET /v1/kv/a?token=anything",
  ["GET /v1/kv/a", undefined, { headers: { Authorization: "Bearer anything" } }],
];
