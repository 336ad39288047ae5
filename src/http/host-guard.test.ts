import { describe, expect, test } from "bun:test";
import { startTestApi } from "../../test/support/api.ts";
import { hostGuard } from "./host-guard.ts";

const guard = hostGuard(["Gateway-7.plant.example"]);
const browser = { "Accept-Language": "en" };

function isRefused(host: string, headers: Record<string, string> = browser): boolean {
  return guard(new Request(`http://${host}/v1/kv/?recurse`, { headers })) !== undefined;
}

describe("a browser", () => {
  test.each([
    ...["127.0.0.1:8500", "10.0.0.7", "[::1]:8500", "localhost:8500", "edgex-core-consul:8500"],
    ...["gateway.local:8500", "a.internal", "x.localhost", "gateway-7.plant.example:8500", "GATEWAY-7.plant.example"],
  ])("may use %s", (host) => {
    expect(isRefused(host)).toBe(false);
  });

  test.each([
    ...["evil.example:8500", "127.0.0.1.evil.example", "local.evil.example", "gateway-7.plant.example.evil.example"],
    ...["localhost.evil.example", "10.evil.example", "internal.com"],
  ])("may not use %s", (host) => {
    expect(isRefused(host)).toBe(true);
  });

  test.each([
    ["of the page's own origin, over HTTP", { "Accept-Language": "de", "User-Agent": "changed" }],
    ["that asks for any language, as a page can", { "Accept-Language": "*", "User-Agent": "node" }],
    ["from another origin", { Origin: "http://evil.example:8500" }],
    ["on HTTPS", { "Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors", "Accept-Language": "en" }],
  ])("is known by a request %s", (_, headers) => {
    expect(isRefused("evil.example", headers)).toBe(true);
  });
});

test("the pass of one name is none for another, nor is a program's for a browser", () => {
  expect(isRefused("localhost:8500")).toBe(false);
  expect(isRefused("localhost.evil.example:8500")).toBe(true);
  expect(isRefused("consul.service.plant.example:8500", { "User-Agent": "curl" })).toBe(false);
  expect(isRefused("consul.service.plant.example:8500")).toBe(true);
});

describe("a program that is no browser", () => {
  test.each([
    ["curl, Go and Python", { "User-Agent": "Go-http-client/1.1", "Accept-Encoding": "gzip" }],
    ["the fetch of Node", { "Accept-Language": "*", "Sec-Fetch-Mode": "cors", "User-Agent": "node" }],
  ])("may use any name: %s", (_, headers) => {
    expect(isRefused("consul.service.plant.example:8500", headers)).toBe(false);
  });
});

test("the router answers a refused request with 403 and the remedy, and runs no endpoint", async () => {
  const api = await startTestApi({ hostGuard: () => "add the name to http_config.allowed_hosts" });
  const answer = await api.ask("/v1/kv/a", { method: "PUT", body: "x" });
  expect([answer.status, await answer.text()]).toEqual([403, "add the name to http_config.allowed_hosts"]);
  const open = await startTestApi({ hostGuard: () => undefined });
  expect((await open.ask("/v1/kv/a", { method: "PUT", body: "x" })).status).toBe(200);
});
