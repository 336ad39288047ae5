import { describe, expect, test } from "bun:test";
import { expectError, get, keyFolder, send, sharedTarget } from "../support/conformance.ts";

await sharedTarget();

const feature = "Namespaces are a Consul Enterprise feature";

describe("a request with a namespace", () => {
  test.each([
    ...["kv/a", "agent/services", "agent/checks", "agent/service/a", "agent/health/service/name/a"],
    ...["catalog/services", "catalog/service/a", "catalog/node/node1", "health/service/a", "health/state/any"],
    ...["session/list", "internal/ui/nodes", "config/", "discovery-chain/a"],
  ])("is refused by %s", async (path) => {
    expectError(await get(`/v1/${path}?ns=team`), {
      status: 400,
      text: `Bad request: Invalid query parameter: "ns" - ${feature}`,
    });
    expect((await get(`/v1/${path}?ns=`)).text).not.toContain(feature);
  });

  test.each([
    "catalog/nodes",
    "catalog/datacenters",
    "agent/members",
    "event/list",
    "status/leader",
    "coordinate/nodes",
  ])("is answered by %s with status 200, as without a namespace", async (path) =>
    expect((await get(`/v1/${path}?ns=team`)).status).toBe(200),
  );

  test("is refused if it is a write with the namespace in its header", async () => {
    const key = `/v1/kv/${keyFolder()}a`;
    expectError(await send("PUT", key, { body: "1", headers: { "X-Consul-Namespace": "team" } }), {
      status: 400,
      text: `Bad request: Invalid header: "X-Consul-Namespace" - ${feature}`,
    });
    expect((await get(key)).status).toBe(404);
  });
});
