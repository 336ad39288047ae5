import { describe, expect, test } from "bun:test";
import { expectError, get, send, sharedTarget } from "../support/conformance.ts";
import type { Answer } from "../support/exchange.ts";

await sharedTarget();

const notEnabled = { status: 500, text: "Connect must be enabled in order to use this endpoint" };

describe("an agent without a service mesh", () => {
  test.each([
    ["/v1/agent/connect/ca/roots", "GET"],
    ["/v1/agent/connect/ca/leaf/web", "GET"],
    ["/v1/connect/ca/configuration", "GET,PUT"],
    ["/v1/connect/ca/roots", "GET"],
    ["/v1/discovery-chain/web", "GET,POST"],
  ])("answers %s with the error that Connect is disabled, for the methods %s", async (path, methods) => {
    for (const method of methods.split(","))
      expectError(await send(method, path, { body: method === "GET" ? undefined : "{}" }), notEnabled);
    expect((await send("OPTIONS", path)).header("Allow")).toBe(`OPTIONS,${methods}`);
  });

  test("reports invalid JSON in a body before other errors", async () => {
    const unexpected = "invalid character 'x' looking for beginning of object key string";
    expectError(await send("PUT", "/v1/connect/ca/configuration", { body: "{x" }), {
      status: 400,
      text: `Bad request: Request decode failed: ${unexpected}`,
    });
    expectError(await send("POST", "/v1/discovery-chain/web", { body: "" }), {
      status: 400,
      text: "Bad request: Request decoding failed: EOF",
    });
    expectError(await get("/v1/discovery-chain/"), { status: 400, text: "Bad request: Missing chain name" });
  });

  test("authorizes every connection at agent/connect/authorize", async () => {
    const ask = (body: object): Promise<Answer> => send("POST", "/v1/agent/connect/authorize", { body });
    expect((await ask({ Target: "web", ClientCertURI: "spiffe://x.consul/ns/default/dc/dc1/svc/a" })).json).toEqual({
      Authorized: true,
      Reason: "ACLs disabled, access is allowed by default",
    });
    expectError(await ask({}), { status: 400, text: "Bad request: Target service must be specified" });
    expectError(await ask({ Target: "web", ClientCertURI: "web" }), {
      status: 400,
      text: "Bad request: ClientCertURI not a valid Connect identifier",
    });
  });

  test("returns no gateways of a service mesh for a service", async () => {
    const answers = {
      "health/ingress": "[]",
      "catalog/gateway-services": "null",
      "internal/ui/gateway-services-nodes": "[]",
    };
    for (const [path, text] of Object.entries(answers)) {
      const answer = await get(`/v1/${path}/web`);
      expect({ path, status: answer.status, text: answer.text, index: answer.index }).toEqual({
        ...{ path, status: 200, text, index: 1 },
      });
    }
    expectError(await get("/v1/health/ingress/"), { status: 400, text: "Missing service name" });
    expectError(await get("/v1/catalog/gateway-services/"), { status: 400, text: "Missing gateway name" });
    expectError(await get("/v1/internal/ui/gateway-services-nodes/"), { status: 400, text: "Missing gateway name" });
  });

  test.each(["catalog", "health"])("returns an empty list of a service's proxies at %s/connect", async (group) => {
    const answer = await get(`/v1/${group}/connect/consul`);
    expect({ status: answer.status, text: answer.text }).toEqual({ status: 200, text: "[]" });
    expect(answer.index).toBeGreaterThan(0);
    expect(answer.header("X-Consul-Effective-Consistency")).toBe("leader");
    expectError(await get(`/v1/${group}/connect/`), { status: 400, text: "Missing service name" });
  });
});
