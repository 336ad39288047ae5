import { describe, expect, test } from "bun:test";
import { expectError, get, put, send, sharedTarget } from "../support/conformance.ts";

await sharedTarget();

describe("a request outside of the API", () => {
  test.each(["GET", "POST", "PATCH", "OPTIONS"])(
    "for %s / to an agent without -ui returns the name of the agent's program",
    async (method) => {
      const answer = await send(method, "/");
      expect(answer.status).toBe(200);
      expect(answer.text).toMatch(/^(Consul|Praetor) Agent$/);
      expect(answer.header("Content-Type")).toBe("text/plain; charset=utf-8");
    },
  );

  test("for HEAD / returns 200 without a body", async () => {
    const answer = await send("HEAD", "/");
    expect([answer.status, answer.text]).toEqual([200, ""]);
  });

  test.each(["", "heap", "profile?seconds=1"])("for a profile of Go's pprof is refused: %p", async (path) => {
    for (const method of ["GET", "POST", "PATCH"])
      expectError(await send(method, `/debug/pprof/${path}`), { status: 401, text: "ACL support disabled" });
  });

  test.each(["/nope", "/v1", "/v1/", "/v1/nope", "/v2/kv/x", "/ui", "/ui/", "/v1/agent", "/v1/health", "/favicon.ico"])(
    "to %s is a 404 without a body",
    async (path) => {
      for (const method of ["GET", "PUT", "OPTIONS", "DELETE"]) {
        const answer = await send(method, path);
        expect({ method, status: answer.status, text: answer.text }).toEqual({ method, status: 404, text: "" });
        expect(answer.header("Allow")).toBeUndefined();
      }
    },
  );

  test.each(["/v1/kv", "/v1/catalog/service", "/v1/catalog/node", "/v1/health/state", "/v1/agent/check/pass"])(
    "to %s redirects to the path with a final slash",
    async (path) => {
      expect(await get(path)).toMatchObject({ status: 301 });
      expect((await put(path, "x")).header("Location")).toBe(`${path}/`);
    },
  );

  test("to /v1/kv redirects to /v1/kv/ with its query string", async () => {
    const answer = await get("/v1/kv?recurse&dc=dc1");
    expect(answer.header("Location")).toBe("/v1/kv/?recurse&dc=dc1");
    expect(answer.text).toBe('<a href="/v1/kv/?recurse&amp;dc=dc1">Moved Permanently</a>.\n\n');
    expect((await put("/v1/kv?recurse", "x")).text).toBe("");
  });

  test("to an endpoint's path with an additional part is a 404", async () => {
    expect(await get("/v1/status/leader/x")).toMatchObject({ status: 404, text: "" });
    expect(await get("/v1/catalog/nodes/")).toMatchObject({ status: 404, text: "" });
  });
});
