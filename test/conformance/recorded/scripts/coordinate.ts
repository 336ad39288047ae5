import type { Script } from "../script.ts";

const coordinate = { Vec: [0, 0, 0, 0, 0, 0, 0, 0], Error: 1.5, Adjustment: 0, Height: 0.00001 };

export const coordinates: Script = [
  "GET /v1/coordinate/datacenters",
  "GET /v1/coordinate/node/nobody",
  "GET /v1/coordinate/node/",
  "GET /v1/coordinate/nodes?segment=nope",
  "GET /v1/coordinate/nodes?dc=nowhere",
  "GET /v1/coordinate/node/node1?dc=nowhere",
  "GET /v1/coordinate/nodes?stale&consistent",
  ["PUT /v1/coordinate/update?dc=nowhere", { Node: "node1", Coord: coordinate }],
  ["PUT /v1/coordinate/update", { Node: "node1", Coord: { ...coordinate, Vec: [1] } }],
  ["PUT /v1/coordinate/update", { Node: "node1", Coord: { ...coordinate, Vec: [] } }],
  // Consul: it closes the connection after an update without Coord, so the script has no such update.
  ["PUT /v1/coordinate/update", { Coord: coordinate }],
  ["PUT /v1/coordinate/update", { Node: 1, Coord: coordinate }],
  ["PUT /v1/coordinate/update", { Node: "node1", Coord: "x" }],
  ["PUT /v1/coordinate/update", "{"],
  ["PUT /v1/coordinate/update", "[]"],
  ["PUT /v1/coordinate/update", { Node: "node1", Nope: 1 }],
  "PUT /v1/coordinate/update",
  "GET /v1/coordinate/update",
];
