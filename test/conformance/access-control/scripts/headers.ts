import type { Script, Step } from "../../recorded/script.ts";
import { type Asked, by, eachBy, grant, secretOf, unknownSecret } from "./callers.ts";
import { masterSecret } from "./master-secret.ts";

const reader = secretOf(1);
const key = "GET /v1/kv/a";

function headed(headers: Readonly<Record<string, string>>, request = key): Step {
  return [request, undefined, { headers }];
}

const spellings = [
  `Bearer ${reader}`,
  `bearer ${reader}`,
  `BEARER   ${reader}`,
  ` Bearer ${reader} `,
  `Bearer ${reader} more`,
  `Bearer${reader}`,
  "Bearer",
  "Bearer ",
  `Basic ${reader}`,
  reader,
];

/** One request of each family of endpoints. */
const families: readonly Asked[] = [
  key,
  "GET /v1/agent/self",
  "GET /v1/agent/services",
  "GET /v1/catalog/nodes",
  "GET /v1/health/state/any",
  "GET /v1/session/list",
  "GET /v1/query",
  "GET /v1/coordinate/nodes",
  "GET /v1/event/list",
  "GET /v1/acl/policies",
  "GET /v1/config/proxy-defaults/global",
  "GET /v1/connect/intentions",
  "GET /v1/discovery-chain/web",
  "GET /v1/internal/ui/services",
  "GET /v1/operator/raft/configuration",
  "GET /v1/snapshot",
  "GET /v1/status/leader",
  "GET /v1/catalog/datacenters",
  "GET /v1/coordinate/datacenters",
  "GET /v1/acl/replication",
  "GET /v1/acl/token/self",
  "GET /v1/connect/ca/roots",
  ["PUT /v1/kv/a", "x"],
  ["PUT /v1/txn", []],
  ["PUT /v1/catalog/register", { Node: "x", Address: "1.1.1.1" }],
  ["PUT /v1/session/create", {}],
  ["PUT /v1/event/fire/x", ""],
];

const words = ["allow", "deny", "manage", "anonymous", "ANONYMOUS"];

export const headers: Script = [
  ...grant(1, 'key_prefix "" { policy = "read" }'),
  ...by(masterSecret, [["PUT /v1/kv/a", "1"]]),
  key,
  `${key}?token=${reader}`,
  `${key}?token=`,
  headed({ "X-Consul-Token": reader }),
  headed({ "X-Consul-Token": "" }),
  ...spellings.map((Authorization) => headed({ Authorization })),
  headed({ "X-Consul-Token": unknownSecret }, `${key}?token=${reader}`),
  headed({ "X-Consul-Token": reader }, `${key}?token=${unknownSecret}`),
  headed({ "X-Consul-Token": reader }, `${key}?token=`),
  headed({ "X-Consul-Token": reader, Authorization: `Bearer ${unknownSecret}` }),
  headed({ "X-Consul-Token": unknownSecret, Authorization: `Bearer ${reader}` }),
  headed({ "X-Consul-Token": "", Authorization: `Bearer ${reader}` }),
  `${key}?token=${reader}&token=${unknownSecret}`,
  `${key}?token=${reader.toUpperCase()}`,
  ...words.flatMap((word) => [
    headed({ "X-Consul-Token": word }),
    headed({ "X-Consul-Token": word }, "GET /v1/agent/self"),
  ]),
  ...eachBy([undefined, unknownSecret], families),
  headed({ "X-Consul-Token": reader }, `${key}?ns=x`),
  headed({ "X-Consul-Token": unknownSecret }, `${key}?ns=x`),
  headed({ "X-Consul-Namespace": "x" }, "PUT /v1/kv/a"),
  headed({ "X-Consul-Token": unknownSecret }, `${key}?dc=nope`),
  headed({ "X-Consul-Token": reader }, `${key}?dc=nope`),
  headed({ "X-Consul-Token": unknownSecret }, `${key}?index=x`),
  headed({ "X-Consul-Token": unknownSecret }, `${key}?stale&consistent`),
  headed({ "X-Consul-Token": unknownSecret }, "GET /v1/catalog/nodes?filter=nonsense"),
  headed({ "X-Consul-Token": unknownSecret }, "PUT /v1/catalog/nodes"),
  headed({ "X-Consul-Token": unknownSecret }, "GET /v1/nonsense"),
  headed({ "X-Consul-Token": unknownSecret }, "GET /v1/catalog/service/"),
  headed({ "X-Consul-Token": unknownSecret }, "GET /v1/health/state/nonsense"),
  headed({ "X-Consul-Token": unknownSecret }, "GET /v1/session/info/x"),
  headed({ "X-Consul-Token": unknownSecret }, "PUT /v1/session/create"),
  headed({ "X-Consul-Token": unknownSecret }, "PUT /v1/catalog/register"),
  headed({ "X-Consul-Token": unknownSecret }, "PUT /v1/txn"),
  headed({ "X-Consul-Token": unknownSecret }, "PUT /v1/event/fire/"),
  headed({ "X-Consul-Token": unknownSecret }, "GET /debug/pprof/"),
  headed({}, "GET /debug/pprof/"),
];
