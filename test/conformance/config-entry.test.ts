import { describe, expect, test } from "bun:test";
import { del, differs, expectError, get, put, sharedTarget } from "../support/conformance.ts";

await sharedTarget();

const bothNeeded = { status: 404, text: "Must provide both a kind and name to delete" };

describe("configuration entries", () => {
  test.each(["", "service-defaults", "proxy-defaults", "ingress-gateway"])(
    "the list of entries of kind %p is empty",
    async (kind) => {
      const list = await get(`/v1/config/${kind}`);
      expect([list.status, list.text, list.index]).toEqual([200, "[]", 1]);
      expect(list.header("X-Consul-Effective-Consistency")).toBeUndefined();
    },
  );

  test("a missing entry is a 404 with an index, however often a client reads it", async () => {
    for (let time = 0; time < 3; time += 1) {
      const answer = await get("/v1/config/service-defaults/a/b");
      expectError(answer, { status: 404, text: 'Config entry not found for "service-defaults" / "a/b"' });
      expect(answer.index).toBe(1);
    }
    expectError(await get("/v1/config/web/a"), { status: 500, text: "invalid config entry kind: web" });
  });

  test("a delete of an entry ignores ?dc, since Consul forwards it to the primary datacenter", async () => {
    const answer = await del("/v1/config/service-defaults/a?dc=nowhere");
    expect([answer.status, answer.json]).toEqual([200, {}]);
  });

  test("a delete of a missing entry succeeds", async () => {
    const answer = await del("/v1/config/service-defaults/a");
    expect([answer.status, answer.text]).toEqual([200, "{}"]);
    expectError(await del("/v1/config/service-defaults"), bothNeeded);
    expectError(await del("/v1/config/"), bothNeeded);
    expectError(await del("/v1/config/web/a"), { status: 400, text: "invalid config entry kind: web" });
  });

  test("a new entry is validated, and a valid one is refused because Praetor has no service mesh", async () => {
    const bad = "Bad request: Request decoding failed: ";
    expectError(await put("/v1/config", {}), {
      status: 400,
      text: `${bad}Payload does not contain a kind/Kind key at the top level`,
    });
    expectError(await put("/v1/config", { Kind: 5 }), {
      status: 400,
      text: `${bad}Kind value in payload is not a string`,
    });
    expectError(await put("/v1/config", { Kind: "web" }), {
      status: 400,
      text: `${bad}invalid config entry kind: web`,
    });
    expectError(await put("/v1/config", "{x"), {
      status: 400,
      text: `${bad}invalid character 'x' looking for beginning of object key string`,
    });
    if (!differs("praetor", "Consul keeps entries for the day when its mesh is turned on")) return;
    const answer = await put("/v1/config", { Kind: "service-defaults", Name: "web", Protocol: "http" });
    expect([answer.status, answer.text]).toEqual([500, expect.stringContaining("Connect must be enabled")]);
  });
});
