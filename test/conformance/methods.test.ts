import { describe, expect, test } from "bun:test";
import { send, sharedTarget } from "../support/conformance.ts";

await sharedTarget();

const paths: Readonly<Record<string, readonly string[]>> = {
  "OPTIONS,GET": [
    ...["/v1/agent/self", "/v1/agent/services", "/v1/agent/service/x", "/v1/agent/service/"],
    ...["/v1/agent/checks", "/v1/agent/members", "/v1/agent/health/service/id/x", "/v1/agent/health/service/name/x"],
    ...["/v1/catalog/datacenters", "/v1/catalog/nodes", "/v1/catalog/services", "/v1/catalog/service/x"],
    ...["/v1/catalog/node/x", "/v1/catalog/node-services/x"],
    ...["/v1/health/node/x", "/v1/health/checks/x", "/v1/health/state/any", "/v1/health/service/x"],
    ...["/v1/status/leader", "/v1/status/peers"],
  ],
  "OPTIONS,PUT": [
    ...["/v1/agent/service/register", "/v1/agent/service/deregister/x", "/v1/agent/service/maintenance/x"],
    ...["/v1/agent/check/register", "/v1/agent/check/deregister/x", "/v1/agent/check/update/x"],
    ...["/v1/agent/check/pass/x", "/v1/agent/check/warn/x", "/v1/agent/check/fail/x"],
    ...["/v1/agent/maintenance", "/v1/agent/reload", "/v1/agent/leave"],
    ...["/v1/catalog/register", "/v1/catalog/deregister"],
  ],
  "OPTIONS,GET,PUT,DELETE": ["/v1/kv/x", "/v1/kv/"],
};

describe.each(Object.entries(paths))("a path that accepts %s", (allow, routes) => {
  test.each([...routes])("lists these methods in Allow for OPTIONS: %s", async (path) => {
    const answer = await send("OPTIONS", path);
    expect({ status: answer.status, text: answer.text }).toEqual({ status: 200, text: "" });
    expect(answer.header("Allow")).toBe(allow);
    expect(answer.header("Vary")).toBe("Accept-Encoding");
  });

  test.each([...routes])("refuses every other method with 405: %s", async (path) => {
    const others = ["GET", "PUT", "POST", "DELETE", "PATCH"].filter((method) => !allow.split(",").includes(method));
    for (const method of others) {
      const answer = await send(method, path, { body: method === "GET" ? undefined : "{}" });
      expect({ status: answer.status, text: answer.text }).toEqual({
        status: 405,
        text: `method ${method} not allowed`,
      });
      expect(answer.header("Allow")).toBe(allow);
      expect(answer.header("Content-Type")).toBe("text/plain; charset=utf-8");
    }
  });

  test.each([...routes])("refuses HEAD with 405 and no body: %s", async (path) => {
    const answer = await send("HEAD", path);
    expect({ status: answer.status, text: answer.text }).toEqual({ status: 405, text: "" });
    expect(answer.header("Allow")).toBe(allow);
  });
});
