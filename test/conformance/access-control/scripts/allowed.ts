import type { Script } from "../../recorded/script.ts";
import { type Asked, by, byEach, eachBy, grant, secretOf, unknownSecret } from "./callers.ts";
import { catalogRows, node } from "./catalog-rows.ts";
import { masterSecret } from "./master-secret.ts";

const [denied, aclReader, aclWriter, readOnly, holes] = [1, 2, 3, 4, 5].map(secretOf);
const anonymous = "00000000-0000-0000-0000-000000000002";
const denials = `key_prefix "a/" { policy = "deny" } key "a/open" { policy = "read" } service "web" { policy = "deny" }
  node "n2" { policy = "deny" } session_prefix "" { policy = "deny" } event_prefix "" { policy = "deny" }
  query_prefix "" { policy = "deny" } operator = "deny" keyring = "deny" agent_prefix "" { policy = "deny" }`;

const rights: Script = [
  ...grant(1, denials),
  ...grant(2, 'acl = "read"'),
  ...grant(3, 'acl = "write"'),
  ...grant(
    4,
    'key_prefix "" { policy = "read" } node_prefix "" { policy = "read" } service_prefix "" { policy = "read" }',
  ),
  ...grant(5, 'key "a/x" { policy = "deny" } service_prefix "we" { policy = "read" intentions = "deny" }'),
];

const reads: readonly Asked[] = [
  "GET /v1/kv/a/x",
  "GET /v1/kv/a/open",
  "GET /v1/kv/a/absent",
  "GET /v1/kv/b/x",
  "GET /v1/kv/?recurse",
  "GET /v1/kv/a/?keys",
  "GET /v1/kv/?keys&separator=/",
  "GET /v1/catalog/nodes",
  "GET /v1/catalog/node/n2",
  "GET /v1/catalog/services",
  "GET /v1/catalog/service/web",
  "GET /v1/health/service/web",
  "GET /v1/health/state/any",
  "GET /v1/internal/ui/services",
  "GET /v1/agent/self",
  "GET /v1/agent/members",
  "GET /v1/agent/services",
  "GET /v1/agent/health/service/name/web",
  "GET /v1/session/list",
  "GET /v1/event/list",
  "GET /v1/query",
  "GET /v1/operator/raft/configuration",
  "GET /v1/operator/keyring",
  "GET /v1/snapshot",
  "GET /v1/acl/tokens",
  "GET /v1/acl/policies",
  "GET /v1/acl/token/self",
  `GET /v1/acl/token/${anonymous}`,
  "GET /v1/acl/list",
  "GET /v1/acl/replication",
];

const writes: readonly Asked[] = [
  ["PUT /v1/kv/a/x", "y"],
  ["PUT /v1/kv/a/open", "y"],
  ["PUT /v1/kv/b/x", "y"],
  "DELETE /v1/kv/a/x",
  "DELETE /v1/kv/a/nothing/?recurse",
  "DELETE /v1/kv/b/nothing/?recurse",
  ["PUT /v1/txn", [{ KV: { Verb: "set", Key: "a/x", Value: "eA==" } }]],
  ["PUT /v1/txn", [{ KV: { Verb: "get-tree", Key: "a/" } }]],
  ["PUT /v1/catalog/register", { ...node, Address: "10.0.0.8" }],
  ["PUT /v1/catalog/register", { ...node, Service: { ID: "web1", Service: "web", Port: 9 } }],
  ["PUT /v1/catalog/deregister", { Node: "n2", ServiceID: "nope" }],
  ["PUT /v1/agent/service/register", { ID: "own-web", Name: "web" }],
  ["PUT /v1/agent/service/register", { ID: "own-api", Name: "api" }],
  ["PUT /v1/agent/check/register", { ID: "own-check", Name: "c", TTL: "10m" }],
  "PUT /v1/agent/service/deregister/own-web",
  ["PUT /v1/session/create", { Node: "n2" }],
  ["PUT /v1/event/fire/e", ""],
  ["POST /v1/query", { Name: "q1", Service: { Service: "web" } }],
  ["PUT /v1/agent/token/agent_master", { Token: "" }],
  "PUT /v1/agent/force-leave/nobody",
  ["PUT /v1/acl/policy", { Name: "more" }],
  ["PUT /v1/acl/token", {}],
];

const permissions = [
  ...["acl", "keyring", "operator"].map((Resource) => ({ Resource, Segment: "" })),
  ...["agent", "event", "key", "node", "query", "service", "session", "intention"].map((Resource) => ({
    ...{ Resource, Segment: Resource === "key" ? "a/x" : "web" },
  })),
].flatMap((asked) => ["read", "write"].map((Access) => ({ ...asked, Access })));

const authorize: readonly Asked[] = [["POST /v1/internal/acl/authorize", permissions]];

/** The answers to anonymous while its token has the rules that deny. */
const anonymousDenied: Script = [
  ...by(masterSecret, [["PUT /v1/acl/token/" + anonymous, { Policies: [{ Name: "policy-1" }] }]]),
  ...byEach([undefined, "anonymous"], [...reads.slice(0, 14), ...writes.slice(0, 8)]),
  ...by(masterSecret, [["PUT /v1/acl/token/" + anonymous, { Policies: [] }]]),
  ...by(undefined, reads.slice(0, 4)),
];

export const allowed: Script = [
  ...rights,
  ...catalogRows,
  ...by(masterSecret, [["PUT /v1/kv/a/open", "1"]]),
  ...byEach([undefined, unknownSecret, denied, aclReader, aclWriter, readOnly, holes], reads),
  ...byEach([undefined, "anonymous", denied, aclReader, readOnly, holes], authorize),
  ...eachBy([unknownSecret, denied, readOnly, holes, undefined], writes),
  ...anonymousDenied,
];
