import type { Script } from "../../recorded/script.ts";
import { type Asked, by, eachBy, grant, secretOf, unknownSecret } from "./callers.ts";
import { asMaster, catalogRows, node } from "./catalog-rows.ts";
import { masterSecret } from "./master-secret.ts";

const unknownId = "7f3f8f6c-6f0e-4a66-9e1c-0d4f0c6a0399";
const [reader, webWriter, writer] = [secretOf(1), secretOf(2), secretOf(3)];

const rights: Script = [
  ...grant(
    1,
    `node_prefix "" { policy = "read" } service_prefix "" { policy = "read" } key_prefix "" { policy = "read" }
     session_prefix "" { policy = "read" } query_prefix "" { policy = "read" } event_prefix "" { policy = "read" }
     agent_prefix "" { policy = "read" } operator = "read" keyring = "read" acl = "read"`,
  ),
  ...grant(
    2,
    'service "web" { policy = "write" } key_prefix "a/" { policy = "write" } key "a/hole" { policy = "read" }',
  ),
  ...grant(
    3,
    `node "n2" { policy = "write" } node "n3" { policy = "write" } service_prefix "" { policy = "write" intentions = "write" }
     key_prefix "" { policy = "write" } session "n2" { policy = "write" } query_prefix "" { policy = "write" }
     event_prefix "" { policy = "write" } agent_prefix "" { policy = "write" } operator = "write"`,
  ),
];

const web = { ID: "web1", Service: "web", Tags: ["a"], Port: 80 };
const register = "PUT /v1/catalog/register";
const deregister = "PUT /v1/catalog/deregister";

const catalog: readonly Asked[] = [
  [register, { Node: "n3", Address: "10.0.0.3" }],
  [register, node],
  [register, { ...node, Address: "10.0.0.9" }],
  [register, node],
  [register, { ...node, Service: web }],
  [register, { ...node, Address: "10.0.0.9", SkipNodeUpdate: true, Service: web }],
  [register, { ...node, Service: { ...web, Service: "api" } }],
  [register, { ...node, Service: web }],
  [register, { ...node, Check: { CheckID: "of-web", Name: "of web", ServiceID: "web1", Status: "passing" } }],
  [register, { ...node, Check: { CheckID: "of-api", Name: "of api", ServiceID: "api1", Status: "passing" } }],
  [register, { ...node, Check: { CheckID: "of-node", Name: "of node", Status: "passing" } }],
  [register, { ...node, Check: { CheckID: "c", Name: "c", ServiceID: "nope", Status: "passing" } }],
  [register, { Node: "n2" }],
  [deregister, { Node: "n2", CheckID: "of-web" }],
  [deregister, { Node: "n2", CheckID: "of-api" }],
  [deregister, { Node: "n2", CheckID: "nope" }],
  [deregister, { Node: "n2", ServiceID: "web1" }],
  [deregister, { Node: "n2", ServiceID: "api1" }],
  [deregister, { Node: "n2", ServiceID: "nope" }],
  [deregister, { Node: "n9" }],
  [deregister, { Node: "n3" }],
];

const keys: readonly Asked[] = [
  ["PUT /v1/kv/a/x", "1"],
  ["PUT /v1/kv/b/x", "1"],
  ["PUT /v1/kv/a/x?cas=0", "1"],
  ["PUT /v1/kv/b/x?cas=0", "1"],
  ["PUT /v1/kv/a/lock?acquire={session.ID}", "1"],
  ["PUT /v1/kv/a/lock?release={session.ID}", "1"],
  ["PUT /v1/kv/b/lock?acquire={session.ID}", "1"],
  "DELETE /v1/kv/a/y",
  "DELETE /v1/kv/b/y",
  "DELETE /v1/kv/b/?recurse",
  "DELETE /v1/kv/a/?recurse",
  "DELETE /v1/kv/?recurse",
];

const check = { Node: "n2", CheckID: "t", Name: "t", Status: "passing" };

const operations: readonly unknown[] = [
  { KV: { Verb: "set", Key: "a/t", Value: "MQ==" } },
  { KV: { Verb: "cas", Key: "a/t", Value: "MQ==", Index: 0 } },
  { KV: { Verb: "get", Key: "a/t" } },
  { KV: { Verb: "get-tree", Key: "a/" } },
  { KV: { Verb: "check-index", Key: "a/t", Index: 1 } },
  { KV: { Verb: "check-session", Key: "a/t", Session: unknownId } },
  { KV: { Verb: "check-not-exists", Key: "a/none" } },
  { KV: { Verb: "delete", Key: "a/t" } },
  { KV: { Verb: "delete-cas", Key: "a/t", Index: 1 } },
  { KV: { Verb: "delete-tree", Key: "a/" } },
  { KV: { Verb: "delete-tree", Key: "b/" } },
  { KV: { Verb: "set", Key: "b/t", Value: "MQ==" } },
  { Node: { Verb: "get", Node: { Node: "n2" } } },
  { Node: { Verb: "set", Node: node } },
  { Service: { Verb: "get", Node: "n2", Service: { ID: "web1", Service: "web" } } },
  { Service: { Verb: "set", Node: "n2", Service: web } },
  { Service: { Verb: "set", Node: "n2", Service: { ID: "api1", Service: "api" } } },
  { Check: { Verb: "set", Check: check } },
  { Check: { Verb: "get", Check: check } },
  { Check: { Verb: "set", Check: { ...check, CheckID: "tw", ServiceID: "web1", ServiceName: "web" } } },
  { Check: { Verb: "set", Check: { ...check, CheckID: "ta", ServiceID: "api1", ServiceName: "api" } } },
  { Check: { Verb: "delete", Check: { ...check, CheckID: "tw", ServiceID: "web1", ServiceName: "web" } } },
  { Service: { Verb: "delete", Node: "n2", Service: { ID: "api1", Service: "api" } } },
];

const transactions: readonly Asked[] = [
  ...operations.map((operation): Asked => ["PUT /v1/txn", [operation]]),
  [
    "PUT /v1/txn",
    [
      { KV: { Verb: "set", Key: "a/mixed", Value: "MQ==" } },
      { KV: { Verb: "set", Key: "b/mixed", Value: "MQ==" } },
      { KV: { Verb: "get", Key: "a/x" } },
    ],
  ],
];

const sessions: readonly Asked[] = [
  ["PUT /v1/session/create", { Node: "n2", Checks: [] }],
  "PUT /v1/session/renew/{session.ID}",
  `PUT /v1/session/renew/${unknownId}`,
  `PUT /v1/session/destroy/${unknownId}`,
  "PUT /v1/session/destroy/{other.ID}",
];

const queries: readonly Asked[] = [
  ["PUT /v1/query/{named.ID}", { Name: "q-web", Service: { Service: "web" } }],
  ["PUT /v1/query/{named.ID}", { Name: "q-new", Service: { Service: "web" } }],
  ["PUT /v1/query/{named.ID}", { Name: "q-web", Service: { Service: "web" }, Token: "<hidden>" }],
  [
    "POST /v1/query",
    { Name: "", Template: { Type: "name_prefix_match" }, Service: { Service: "x" }, Token: "<hidden>" },
  ],
  [`PUT /v1/query/${unknownId}`, { Name: "q", Service: { Service: "web" } }],
  ["POST /v1/query", { Name: 7 }],
  ["POST /v1/query", {}],
  `DELETE /v1/query/${unknownId}`,
  "DELETE /v1/query/x",
];

const intention = { SourceName: "api", DestinationName: "web", Action: "allow" };

const mesh: readonly Asked[] = [
  ["POST /v1/connect/intentions", intention],
  ["POST /v1/connect/intentions", "x"],
  ["POST /v1/connect/intentions", { ID: unknownId, ...intention }],
  [`PUT /v1/connect/intentions/${unknownId}`, intention],
  `DELETE /v1/connect/intentions/${unknownId}`,
  "DELETE /v1/connect/intentions/x",
  ["PUT /v1/config", { Kind: "service-defaults", Name: "api" }],
  ["PUT /v1/config", { Kind: "service-resolver", Name: "web" }],
  ["PUT /v1/config", { Kind: "proxy-defaults", Name: "global" }],
  ["PUT /v1/config", { Kind: "ingress-gateway", Name: "web" }],
  ["PUT /v1/config", { Kind: "nonsense", Name: "web" }],
  "DELETE /v1/config/service-defaults/api",
  "DELETE /v1/config/service-defaults/web",
  "DELETE /v1/config/proxy-defaults/global",
  "DELETE /v1/config/terminating-gateway/web",
  "DELETE /v1/config/nonsense/web",
  ["PUT /v1/connect/ca/configuration", {}],
  ["PUT /v1/connect/ca/configuration", "x"],
];

const operator: readonly Asked[] = [
  ["PUT /v1/operator/autopilot/configuration", { CleanupDeadServers: true }],
  "DELETE /v1/operator/raft/peer?address=127.0.0.1:1",
  ["POST /v1/operator/keyring", { Key: "x" }],
  ["PUT /v1/snapshot", "x"],
  ["PUT /v1/event/fire/deploy", "x"],
  [
    "PUT /v1/coordinate/update",
    { Node: "n2", Coord: { Vec: [0, 0, 0, 0, 0, 0, 0, 0], Error: 1, Adjustment: 0, Height: 0.00001 } },
  ],
  ["PUT /v1/coordinate/update", "x"],
];

const denied = [undefined, unknownSecret, reader];
const callers = [...denied, webWriter, writer];

export const writes: Script = [
  ...rights,
  ...catalogRows,
  asMaster("PUT /v1/session/create", { Node: "n2", Checks: [] }, "other"),
  ...eachBy(denied, catalog),
  ...by(webWriter, catalog),
  ...catalogRows.slice(0, 5),
  ...by(writer, catalog),
  ...catalogRows.slice(0, 5),
  ...eachBy(callers, keys),
  ...eachBy(callers, transactions),
  ...eachBy(callers, sessions),
  ...eachBy([...denied, webWriter], queries),
  ...by(writer, queries.slice(2)),
  ...eachBy([undefined, unknownSecret], [["POST /v1/query", { Session: "{session.ID}", Service: { Service: "web" } }]]),
  ...by(undefined, ["DELETE /v1/query/{nameless.ID}"]),
  ...by(masterSecret, ["DELETE /v1/query/{named.ID}"]),
  ...eachBy(callers, mesh),
  ...eachBy([undefined, unknownSecret, reader], operator),
];
