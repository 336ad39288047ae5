import type { Script } from "../../recorded/script.ts";
import { type Asked, by, byEach, eachBy, grant, secretOf, unknownSecret } from "./callers.ts";
import { masterSecret } from "./master-secret.ts";

const [agentReader, webReader, webWriter, nodeWriter] = [secretOf(1), secretOf(2), secretOf(3), secretOf(4)];

const rights: Script = [
  ...grant(1, 'agent "node1" { policy = "read" } node "node1" { policy = "read" }'),
  ...grant(2, 'service "web" { policy = "read" }'),
  ...grant(3, 'service "web" { policy = "write" } service "web-sidecar-proxy" { policy = "write" }'),
  ...grant(4, 'node "node1" { policy = "write" } agent "node1" { policy = "write" } operator = "read"'),
];

const rows: Script = by(masterSecret, [
  ["PUT /v1/agent/service/register", { ID: "web1", Name: "web", Check: { CheckID: "ttl-web", TTL: "10m" } }],
  ["PUT /v1/agent/service/register", { ID: "api1", Name: "api", Check: { CheckID: "ttl-api", TTL: "10m" } }],
  ["PUT /v1/agent/check/register", { ID: "ttl-node", Name: "of node", TTL: "10m" }],
]);

const reads: readonly Asked[] = [
  "GET /v1/agent/services",
  "GET /v1/agent/checks",
  "GET /v1/agent/service/web1",
  "GET /v1/agent/service/api1",
  "GET /v1/agent/service/nope",
  "GET /v1/agent/health/service/id/web1",
  "GET /v1/agent/health/service/id/api1",
  "GET /v1/agent/health/service/id/nope",
  "GET /v1/agent/health/service/name/web",
  "GET /v1/agent/health/service/name/nope",
  "GET /v1/agent/connect/ca/roots",
  "GET /v1/agent/connect/ca/leaf/web",
  "GET /v1/agent/connect/ca/leaf/api",
  ["POST /v1/agent/connect/authorize", { Target: "web", ClientCertURI: "spiffe://x/ns/default/dc/dc1/svc/api" }],
  ["POST /v1/agent/connect/authorize", { Target: "", ClientCertURI: "" }],
  ["POST /v1/agent/connect/authorize", { Target: "web", ClientCertURI: "x" }],
  ["POST /v1/agent/connect/authorize", "x"],
];

const refused: readonly Asked[] = [
  "GET /v1/agent/self",
  "GET /v1/agent/metrics",
  "GET /v1/agent/host",
  "GET /v1/agent/members",
  "GET /v1/agent/monitor",
  "PUT /v1/agent/join/127.0.0.1:1",
  "PUT /v1/agent/force-leave/nobody",
  "PUT /v1/agent/leave",
  "PUT /v1/agent/reload",
  ["PUT /v1/agent/token/agent", { Token: "x" }],
  ["PUT /v1/agent/token/nonsense", { Token: "x" }],
  ["PUT /v1/agent/token/agent", "x"],
];

const services: readonly Asked[] = [
  ["PUT /v1/agent/service/register", { ID: "web2", Name: "web" }],
  ["PUT /v1/agent/service/register", { ID: "api1", Name: "web" }],
  ["PUT /v1/agent/service/register", { ID: "other", Name: "other" }],
  ["PUT /v1/agent/service/register", { ID: "web3", Name: "web", Connect: { SidecarService: {} } }],
  [
    "PUT /v1/agent/service/register",
    { ID: "p", Name: "web", Kind: "connect-proxy", Port: 1, Proxy: { DestinationServiceName: "api" } },
  ],
  ["PUT /v1/agent/service/register", { ID: "web2", Name: "" }],
  ["PUT /v1/agent/service/register", "x"],
  "PUT /v1/agent/service/maintenance/web1",
  "PUT /v1/agent/service/maintenance/web1?enable=x",
  "PUT /v1/agent/service/maintenance/web1?enable=true&reason=r",
  "PUT /v1/agent/service/maintenance/web1?enable=false",
  "PUT /v1/agent/service/maintenance/api1?enable=true",
  "PUT /v1/agent/service/maintenance/nope?enable=true",
  "PUT /v1/agent/service/deregister/web3",
  "PUT /v1/agent/service/deregister/nope",
  "PUT /v1/agent/service/deregister/p",
];

const checks: readonly Asked[] = [
  ["PUT /v1/agent/check/register", { ID: "c-web", Name: "c", TTL: "10m", ServiceID: "web1" }],
  ["PUT /v1/agent/check/register", { ID: "c-api", Name: "c", TTL: "10m", ServiceID: "api1" }],
  ["PUT /v1/agent/check/register", { ID: "c-none", Name: "c", TTL: "10m", ServiceID: "nope" }],
  ["PUT /v1/agent/check/register", { ID: "c-node", Name: "c", TTL: "10m" }],
  ["PUT /v1/agent/check/register", { ID: "ttl-api", Name: "c", TTL: "10m", ServiceID: "web1" }],
  ["PUT /v1/agent/check/register", { ID: "c-bad", Name: "" }],
  ["PUT /v1/agent/check/register", "x"],
  "PUT /v1/agent/check/pass/ttl-web",
  "PUT /v1/agent/check/warn/ttl-api",
  "PUT /v1/agent/check/fail/ttl-node",
  "PUT /v1/agent/check/pass/nope",
  ["PUT /v1/agent/check/update/ttl-web", { Status: "passing" }],
  ["PUT /v1/agent/check/update/ttl-node", { Status: "passing" }],
  ["PUT /v1/agent/check/update/nope", { Status: "passing" }],
  ["PUT /v1/agent/check/update/ttl-web", { Status: "x" }],
  "PUT /v1/agent/check/deregister/c-web",
  "PUT /v1/agent/check/deregister/c-node",
  "PUT /v1/agent/check/deregister/nope",
];

const maintenance: readonly Asked[] = [
  "PUT /v1/agent/maintenance",
  "PUT /v1/agent/maintenance?enable=x",
  "PUT /v1/agent/maintenance?enable=true&reason=r",
  "PUT /v1/agent/maintenance?enable=false",
];

const callers = [undefined, unknownSecret, agentReader, webReader, webWriter, nodeWriter];

export const agent: Script = [
  ...rights,
  ...rows,
  ...byEach(callers, reads),
  ...eachBy([undefined, unknownSecret, webReader], refused),
  ...by(agentReader, ["GET /v1/agent/self", ...refused.slice(2, 3), ...refused.slice(5)]),
  ...by(nodeWriter, ["PUT /v1/agent/force-leave/nobody", "PUT /v1/agent/reload", ...refused.slice(10)]),
  ...eachBy([undefined, unknownSecret, webReader, webWriter, nodeWriter], [...services, ...checks, ...maintenance]),
];
