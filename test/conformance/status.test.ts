import { describe, expect, test } from "bun:test";
import { expectError, get, sharedTarget } from "../support/conformance.ts";

await sharedTarget();

describe("the status of the cluster", () => {
  test("status/leader returns one address as a JSON string", async () => {
    const answer = await get("/v1/status/leader");
    expect(answer.text).toMatch(/^"127\.0\.0\.1:\d+"$/);
    expect(answer.headers.map(([name]) => name).filter((name) => name !== "Date" && name !== "Connection")).toEqual([
      "Content-Type",
      "Vary",
      "Content-Length",
    ]);
  });

  test("status/peers returns a list that contains only the leader", async () => {
    expect((await get("/v1/status/peers")).text).toBe(`[${(await get("/v1/status/leader")).text}]`);
  });

  test.each(["leader", "peers"])("status/%s is an error for an unknown datacenter", async (path) => {
    expectError(await get(`/v1/status/${path}?dc=nowhere`), { status: 500, text: "No path to datacenter" });
  });

  test("status/leader returns an address with the port of the service consul", async () => {
    const leader = JSON.parse((await get("/v1/status/leader")).text) as string;
    const [consul] = (await get("/v1/catalog/service/consul")).json as [{ ServicePort: number }];
    expect(leader).toEndWith(`:${consul.ServicePort}`);
  });
});
