import { describe, expect, test } from "bun:test";
import { differs, get, keyFolder, put, send, sharedTarget } from "../support/conformance.ts";

await sharedTarget();

/** Pairs of a requested path and the target of its redirect. */
const unclean: readonly (readonly [string, string])[] = [
  ["//v1/catalog/nodes", "/v1/catalog/nodes"],
  ["/v1//catalog/nodes?a=b&c=d", "/v1/catalog/nodes?a=b&c=d"],
  ["/v1/catalog/nodes//", "/v1/catalog/nodes/"],
  ["/v1/health/service//consul", "/v1/health/service/consul"],
  ["/v1/health/service//b?q=%2f", "/v1/health/service/b?q=%2f"],
  ["/v1/health/service/a%20b//c%3Cd%3F%25%2B+x", "/v1/health/service/a%20b/c%3Cd%3F%25++x"],
  ["/v1/health/service//%C3%BC;:@&=$,~'()*!", "/v1/health/service/%C3%BC;:@&=$,~%27%28%29%2A%21"],
  ["/v1/nope//x", "/v1/nope/x"],
  ["//", "/"],
  ["/v1//kv", "/v1/kv/"],
  ["/v1//kv/a/b?raw", "/v1/kv/a/b?raw"],
  ["/v1/./catalog/nodes", "/v1/catalog/nodes"],
  ["/v1/x/../catalog/nodes", "/v1/catalog/nodes"],
  ["/v1/x/%2E%2e/catalog/nodes", "/v1/catalog/nodes"],
  ["/v1/catalog/./nodes", "/v1/catalog/nodes"],
];

describe("a path with empty or dotted parts", () => {
  test.each(unclean)("redirects to the cleaned path: %s", async (asked, place) => {
    const answer = await get(asked);
    expect([answer.status, answer.header("Location")]).toEqual([301, place]);
    expect(answer.header("Content-Type")).toBe("text/html; charset=utf-8");
    expect(answer.text).toBe(`<a href="${place.replaceAll("&", "&amp;")}">Moved Permanently</a>.\n\n`);
  });

  test.each(["PUT", "POST", "DELETE", "OPTIONS", "PATCH"])("redirects a %s without a body", async (method) => {
    const answer = await send(method, "/v1/catalog//nodes");
    expect([answer.status, answer.header("Location"), answer.text]).toEqual([301, "/v1/catalog/nodes", ""]);
    expect(answer.header("Content-Type")).toBeUndefined();
  });

  test("is refused if it has an unprintable character or a broken escape", async () => {
    expect(await get("/v1/catalog//nodes%00")).toMatchObject({ status: 400, text: "" });
    expect(await get("/v1/catalog/nodes%0a")).toMatchObject({ status: 400, text: "" });
    expect((await get("/v1/catalog//nodes%zz")).status).toBe(400);
  });
});

test.each([
  ["/v1/health/service/a%2F%2Fb", "/v1/health/service/a/b"],
  ["/v1/health/service/a%2F%2E%2E%2Fb", "/v1/health/service/b"],
])(
  "a path part with encoded slashes stays one part in Praetor, and redirects to the cleaned path in Consul: %s",
  async (asked, place) => {
    const answer = await get(asked);
    if (differs("praetor", "a service whose id is a URL could not be deregistered")) expect(answer.text).toBe("[]");
    else expect([answer.status, answer.header("Location")]).toEqual([301, place]);
  },
);

test("a key with empty parts is stored unchanged in Praetor, and its PUT redirects to the cleaned path in Consul", async () => {
  const folder = keyFolder();
  const answer = await put(`/v1/kv/${folder}a//b`, "x");
  if (differs("praetor", "a redirected PUT comes back as a GET")) expect(answer.text).toBe("true");
  else expect([answer.status, answer.header("Location")]).toEqual([301, `/v1/kv/${folder}a/b`]);
});
