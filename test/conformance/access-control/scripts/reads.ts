import type { Script } from "../../recorded/script.ts";
import { byEach, grant, secretOf, unknownSecret } from "./callers.ts";
import { catalogRows } from "./catalog-rows.ts";
import { masterSecret } from "./master-secret.ts";

const unknownId = "7f3f8f6c-6f0e-4a66-9e1c-0d4f0c6a0399";
const [nodeOnly, serviceOnly, both, all] = [secretOf(1), secretOf(2), secretOf(3), secretOf(4)];

const rights: Script = [
  ...grant(1, 'node_prefix "" { policy = "read" }'),
  ...grant(2, 'service "web" { policy = "read" }'),
  ...grant(
    3,
    `node "n2" { policy = "read" } service "web" { policy = "read" } key_prefix "a/" { policy = "read" }
     session "n2" { policy = "read" } query "q-web" { policy = "read" }`,
  ),
  ...grant(
    4,
    `node_prefix "" { policy = "read" } service_prefix "" { policy = "read" } key_prefix "" { policy = "read" }
     session_prefix "" { policy = "read" } query_prefix "" { policy = "read" } event_prefix "" { policy = "read" }
     agent_prefix "" { policy = "read" } operator = "read" keyring = "read"`,
  ),
];

const catalog = [
  "GET /v1/catalog/datacenters",
  "GET /v1/catalog/nodes",
  "GET /v1/catalog/node/n2",
  "GET /v1/catalog/node-services/n2",
  "GET /v1/catalog/service/web",
  "GET /v1/catalog/service/none",
  "GET /v1/catalog/services",
  "GET /v1/catalog/connect/web",
  "GET /v1/catalog/gateway-services/web",
  "GET /v1/health/checks/web",
  "GET /v1/health/node/n2",
  "GET /v1/health/service/web",
  "GET /v1/health/service/web?passing",
  "GET /v1/health/state/any",
  "GET /v1/health/connect/web",
  "GET /v1/health/ingress/web",
  "GET /v1/coordinate/node/n2",
  "GET /v1/internal/ui/node/n2",
  "GET /v1/internal/ui/nodes",
  "GET /v1/internal/ui/services",
  "GET /v1/internal/ui/gateway-services-nodes/web",
];

const data = [
  "GET /v1/kv/a/x",
  "GET /v1/kv/a/x?raw",
  "GET /v1/kv/a/absent",
  "GET /v1/kv/b/x",
  "GET /v1/kv/a/?recurse",
  "GET /v1/kv/?recurse",
  "GET /v1/kv/b/?recurse",
  "GET /v1/kv/a/?keys",
  "GET /v1/kv/?keys",
  "GET /v1/kv/b/?keys",
  "GET /v1/session/info/{session.ID}",
  `GET /v1/session/info/${unknownId}`,
  "GET /v1/session/list",
  "GET /v1/session/node/n2",
  "GET /v1/query",
  "GET /v1/query/{named.ID}",
  "GET /v1/query/{named.ID}/explain",
  "GET /v1/query/{named.ID}/execute",
  "GET /v1/query/q-web/execute",
  "GET /v1/query/{nameless.ID}",
  "GET /v1/query/{nameless.ID}/execute",
  `GET /v1/query/${unknownId}`,
  `GET /v1/query/${unknownId}/execute`,
  "GET /v1/event/list",
];

const mesh = [
  "GET /v1/discovery-chain/web",
  "GET /v1/config/service-defaults",
  "GET /v1/config/service-defaults/web",
  "GET /v1/config/service-resolver/web",
  "GET /v1/config/proxy-defaults/global",
  "GET /v1/config/ingress-gateway/web",
  "GET /v1/config/nonsense/web",
  "GET /v1/connect/intentions",
  `GET /v1/connect/intentions/${unknownId}`,
  "GET /v1/connect/intentions/x",
  "GET /v1/connect/intentions/match?by=source&name=web",
  "GET /v1/connect/intentions/match?by=destination&name=api",
  "GET /v1/connect/intentions/match?by=destination&name=web&name=api",
  "GET /v1/connect/intentions/match?by=x&name=web",
  "GET /v1/connect/intentions/check?source=api&destination=web",
  "GET /v1/connect/intentions/check?source=web&destination=api",
  "GET /v1/connect/intentions/check?source=web",
  "GET /v1/connect/ca/roots",
  "GET /v1/connect/ca/configuration",
  "GET /v1/internal/federation-states/mesh-gateways",
];

const operator = [
  "GET /v1/operator/autopilot/configuration",
  "GET /v1/operator/keyring",
  "GET /v1/status/leader",
  "GET /v1/status/peers",
  "GET /v1/acl/replication",
];

/** Requests whose answers to those who may send them hold times or the machine's load. */
const forbidden = [
  "GET /v1/operator/raft/configuration",
  "GET /v1/operator/autopilot/health",
  "GET /v1/internal/federation-state/dc1",
  "GET /v1/internal/federation-states",
  "GET /v1/snapshot",
  "GET /v1/coordinate/nodes",
];

export const reads: Script = [
  ...rights,
  ...catalogRows,
  ...byEach([undefined, unknownSecret, nodeOnly, serviceOnly, both, all], [...catalog, ...data, ...mesh, ...operator]),
  ...byEach([undefined, unknownSecret, serviceOnly], forbidden),
  ...byEach([masterSecret], ["GET /v1/query", "GET /v1/query/{named.ID}"]),
];
