import { afterAll, expect, test } from "bun:test";
import { expectError } from "../support/conformance.ts";
import { exchange } from "../support/exchange.ts";
import { startTarget } from "../support/target.ts";

const target = await startTarget("-hcl", "disable_coordinates = true");
afterAll(() => target.stop());

test.each([
  ...["GET datacenters", "GET nodes", "GET nodes?dc=nowhere", "GET node/node1"],
  ...["GET node/", "PUT update"],
])("an agent with coordinates disabled refuses requests to /v1/coordinate/: %s", async (request) => {
  const [method = "", path = ""] = request.split(" ");
  const answer = await exchange(target.url, method, { path: `/v1/coordinate/${path}` });
  expectError(answer, { status: 401, text: "Coordinate support disabled" });
  expect(answer.header("X-Consul-Index")).toBeUndefined();
});

test("an agent with coordinates disabled has no coordinate of its own, and ignores ?near", async () => {
  const self = await exchange(target.url, "GET", { path: "/v1/agent/self" });
  expect(self.json).toMatchObject({ Coord: null });
  const nodes = await exchange(target.url, "GET", { path: "/v1/catalog/nodes?near=_agent" });
  expect([nodes.status, nodes.json]).toMatchObject([200, [{ Node: "node1" }]]);
});
