import { describe, expect, test } from "bun:test";
import { expectError, get, send, sharedTarget } from "../support/conformance.ts";

await sharedTarget();

const notEnabled = { status: 500, text: "Connect must be enabled in order to use this endpoint" };

describe("without a service mesh", () => {
  test.each([
    ["/v1/agent/connect/ca/roots", "GET"],
    ["/v1/agent/connect/ca/leaf/web", "GET"],
    ["/v1/connect/ca/configuration", "GET,PUT"],
    ["/v1/connect/ca/roots", "GET"],
    ["/v1/discovery-chain/web", "GET,POST"],
  ])("%s says so, to %s", async (path, methods) => {
    for (const method of methods.split(","))
      expectError(await send(method, path, { body: method === "GET" ? undefined : "{}" }), notEnabled);
    expect((await send("OPTIONS", path)).header("Allow")).toBe(`OPTIONS,${methods}`);
  });

  test.each(["catalog", "health"])("a service has no proxies: %s", async (group) => {
    const answer = await get(`/v1/${group}/connect/consul`);
    expect({ status: answer.status, text: answer.text }).toEqual({ status: 200, text: "[]" });
    expect(answer.index).toBeGreaterThan(0);
    expect(answer.header("X-Consul-Effective-Consistency")).toBe("leader");
    expectError(await get(`/v1/${group}/connect/`), { status: 400, text: "Missing service name" });
  });
});
