import { describe, expect, test } from "bun:test";
import { expectError, get, sharedTarget } from "../support/conformance.ts";

await sharedTarget();

const own = {
  Datacenter: "dc1",
  UpdatedAt: expect.stringMatching(/^20\d\d-.*Z$/),
  PrimaryModifyIndex: expect.any(Number),
  CreateIndex: expect.any(Number),
  ModifyIndex: expect.any(Number),
};

describe("the list of federation states", () => {
  test("has this datacenter, without mesh gateways", async () => {
    const list = await get("/v1/internal/federation-states");
    expect(list.json).toEqual([own]);
    expect(list.index).toBeGreaterThan(0);
    expect((await get("/v1/internal/federation-state/dc1")).json).toMatchObject({ State: own, KnownLeader: true });
    expect((await get("/v1/internal/federation-states/mesh-gateways")).text).toBe("{}");
  });

  test("has no other datacenter", async () => {
    const answer = await get("/v1/internal/federation-state/dc9");
    expect([answer.status, answer.text]).toEqual([404, ""]);
    expectError(await get("/v1/internal/federation-state/"), {
      status: 400,
      text: "Bad request: Missing datacenter name",
    });
  });
});
