import { describe, expect, test } from "bun:test";
import { get, sharedTarget } from "../support/conformance.ts";

await sharedTarget();

describe("agent/members", () => {
  test.each(["/v1/agent/members", "/v1/agent/members?segment=_all", "/v1/agent/members?filter=Name==nobody"])(
    "lists only the agent itself: %s",
    async (path) => {
      const answer = await get(path);
      expect(answer.status).toBe(200);
      expect(answer.header("Content-Type")).toBe("application/json");
      expect(answer.header("X-Consul-Index")).toBeUndefined();
      const { Member } = (await get("/v1/agent/self")).json as { Member: unknown };
      expect(answer.text).toBe(JSON.stringify([Member]));
    },
  );

  test("lists the agent with ?wan, too", async () => {
    expect((await get("/v1/agent/members?wan")).json).toMatchObject([{ Addr: "127.0.0.1", Status: 1 }]);
  });
});
