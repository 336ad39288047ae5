import type { Script } from "../script.ts";

const edge = { Node: "edge", Address: "192.0.2.1" };
const check = { CheckID: "alive", Name: "alive", Status: "passing" };

const reads = [
  ...["nodes", "services", "service/web", "node/edge", "node-services/edge", "connect/web", "datacenters"].map(
    (path) => `GET /v1/catalog/${path}`,
  ),
  ...["service/web", "checks/web", "node/edge", "state/any"].map((path) => `GET /v1/health/${path}`),
];

export const catalog: Script = [
  ...reads,

  // Registrations of a node.
  ["PUT /v1/catalog/register", edge],
  ...reads,
  ["PUT /v1/catalog/register", edge],
  "GET /v1/catalog/node/edge",
  [
    "PUT /v1/catalog/register",
    { ...edge, Address: "192.0.2.2", NodeMeta: { rack: "r1" }, TaggedAddresses: { lan: "192.0.2.2" } },
  ],
  "GET /v1/catalog/nodes",
  "GET /v1/catalog/node/edge",
  ["PUT /v1/catalog/register", { ...edge, ID: "40e4a748-2192-161a-0510-9bf59fe950b5" }],
  "GET /v1/catalog/node/40e4a748-2192-161a-0510-9bf59fe950b5",
  "GET /v1/catalog/node-services/40e4a748-2192-161a-0510-9bf59fe950b5",
  "GET /v1/health/node/40e4a748-2192-161a-0510-9bf59fe950b5",
  ["PUT /v1/catalog/register", { ...edge, Node: "other", ID: "40e4a748-2192-161a-0510-9bf59fe950b5" }],
  "GET /v1/catalog/nodes",
  ["PUT /v1/catalog/register", { Node: "other", Address: "192.0.2.3", ID: "short" }],
  ["PUT /v1/catalog/register", { Node: "EDGE", Address: "192.0.2.3" }],
  "GET /v1/catalog/nodes",
  ["PUT /v1/catalog/deregister", { Node: "other" }],
  ["PUT /v1/catalog/deregister", { Node: "EDGE" }],
  ["PUT /v1/catalog/register", edge],

  // Registrations of services on the node.
  ["PUT /v1/catalog/register", { ...edge, Service: { Service: "web" } }],
  ...reads,
  ["PUT /v1/catalog/register", { ...edge, Service: { Service: "web" } }],
  "GET /v1/catalog/service/web",
  [
    "PUT /v1/catalog/register",
    {
      ...edge,
      Service: {
        ID: "web-2",
        Service: "web",
        Tags: ["b", "a"],
        Address: "web.example",
        Port: 8080,
        Meta: { version: "1" },
        Weights: { Passing: 3, Warning: 2 },
        EnableTagOverride: true,
        TaggedAddresses: { wan: { Address: "198.51.100.1", Port: 80 } },
      },
    },
  ],
  ...reads,
  "GET /v1/catalog/service/web?tag=a",
  "GET /v1/catalog/service/web?tag=a&tag=b",
  "GET /v1/catalog/service/web?tag=A",
  "GET /v1/catalog/service/web?tag=a&tag=nope",
  "GET /v1/catalog/service/web?tag=",
  "GET /v1/catalog/service/WEB",
  "GET /v1/catalog/service/",
  "GET /v1/catalog/node/",
  "GET /v1/catalog/node/nobody",
  "GET /v1/catalog/node/EDGE",
  "GET /v1/catalog/node-services/",
  "GET /v1/catalog/node-services/nobody",
  ["PUT /v1/catalog/register", { ...edge, SkipNodeUpdate: true, Address: "203.0.113.1", Service: { Service: "db" } }],
  "GET /v1/catalog/node/edge",
  ["PUT /v1/catalog/register", { Node: "edge", Service: { Service: "cache" } }],

  // Registrations of checks.
  ["PUT /v1/catalog/register", { ...edge, Check: check }],
  [
    "PUT /v1/catalog/register",
    { ...edge, Check: { ...check, CheckID: "web", ServiceID: "web-2", Output: "fine", Notes: "n" } },
  ],
  ...reads,
  ["PUT /v1/catalog/register", { ...edge, Check: { Name: "nameless" } }],
  [
    "PUT /v1/catalog/register",
    {
      ...edge,
      Checks: [
        { ...check, CheckID: "one" },
        { ...check, CheckID: "two", Status: "warning" },
      ],
    },
  ],
  ["PUT /v1/catalog/register", { ...edge, Check: { ...check, ServiceID: "nobody" } }],
  ["PUT /v1/catalog/register", { ...edge, Check: { ...check, CheckID: "three", Node: "elsewhere" } }],
  [
    "PUT /v1/catalog/register",
    {
      ...edge,
      Check: { ...check, CheckID: "four", Definition: { HTTP: "http://192.0.2.1", Interval: "10s", Timeout: "1s" } },
    },
  ],
  ["PUT /v1/catalog/register", { ...edge, Check: { ...check, CheckID: "six", Status: "" } }],
  "GET /v1/health/node/edge",
  "GET /v1/health/state/warning",
  "GET /v1/health/state/critical",
  "GET /v1/health/state/passing",

  ["PUT /v1/catalog/register", { Node: "odd", Address: "192.0.2.5", Check: { ...check, Status: "weird" } }],
  ["PUT /v1/catalog/deregister", { Node: "odd" }],

  // Registrations with missing, invalid or unusual fields.
  ["PUT /v1/catalog/register", {}],
  ["PUT /v1/catalog/register", { Node: "edge" }],
  ["PUT /v1/catalog/register", { Address: "192.0.2.1" }],
  ["PUT /v1/catalog/register", { ...edge, Service: {} }],
  ["PUT /v1/catalog/register", { ...edge, Service: { ID: "nameless" } }],
  ["PUT /v1/catalog/register", { ...edge, Datacenter: "nowhere" }],
  ["PUT /v1/catalog/register?dc=nowhere", edge],
  ["PUT /v1/catalog/register", { ...edge, Nope: 1 }],
  ["PUT /v1/catalog/register", { Node: "un known", Address: "192.0.2.9" }],
  ["PUT /v1/catalog/register", { ...edge, Service: { Service: "web", Kind: "nope" } }],
  ["PUT /v1/catalog/register", { ...edge, Service: { Service: "web", Port: "80" } }],
  ["PUT /v1/catalog/register", { node: "lower", address: "192.0.2.8", service: { service: "lower" } }],
  "GET /v1/catalog/node/lower",

  // Filters by node meta.
  [
    "PUT /v1/catalog/register",
    { Node: "meta", Address: "192.0.2.4", NodeMeta: { rack: "r2", zone: "z" }, Service: { Service: "web" } },
  ],
  "GET /v1/catalog/nodes?node-meta=rack:r2",
  "GET /v1/catalog/nodes?node-meta=rack:r2&node-meta=zone:z",
  "GET /v1/catalog/nodes?node-meta=rack:r2&node-meta=zone:y",
  "GET /v1/catalog/nodes?node-meta=rack",
  "GET /v1/catalog/nodes?node-meta=",
  "GET /v1/catalog/services?node-meta=rack:r2",
  "GET /v1/catalog/services?node-meta=rack:r3",
  "GET /v1/catalog/service/web?node-meta=rack:r2",

  // Deregistrations of checks, services and nodes.
  ["PUT /v1/catalog/deregister", { Node: "edge", CheckID: "web" }],
  ["PUT /v1/catalog/deregister", { Node: "edge", CheckID: "web" }],
  ["PUT /v1/catalog/deregister", { Node: "edge", ServiceID: "web-2" }],
  ["PUT /v1/catalog/deregister", { Node: "edge", ServiceID: "nobody" }],
  ["PUT /v1/catalog/deregister", { Node: "edge", ServiceID: "web", CheckID: "alive" }],
  ...reads,
  ["PUT /v1/catalog/deregister", { Node: "edge" }],
  ["PUT /v1/catalog/deregister", { Node: "edge" }],
  ["PUT /v1/catalog/deregister", { Node: "nobody" }],
  ["PUT /v1/catalog/deregister", {}],
  ["PUT /v1/catalog/deregister", { ServiceID: "web" }],
  ["PUT /v1/catalog/deregister", { Node: "meta", Datacenter: "nowhere" }],
  ["PUT /v1/catalog/deregister?dc=nowhere", { Node: "meta" }],
  ...reads,
];
