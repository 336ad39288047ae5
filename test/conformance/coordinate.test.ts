import { describe, expect, test } from "bun:test";
import { expectEmpty, expectError, get, put, sharedTarget } from "../support/conformance.ts";

await sharedTarget();

const place =
  '{"Node":"node1","Segment":"","Coord":{"Vec":[0,0,0,0,0,0,0,0],"Error":1.5,"Adjustment":0,"Height":0.00001}}';
const coordinate = { Vec: [0, 0, 0, 0, 0, 0, 0, 0], Error: 1.5, Adjustment: 0, Height: 0.00001 };

describe("coordinates", () => {
  test("of the datacenter are those of this server", async () => {
    const answer = await get("/v1/coordinate/datacenters");
    expect(answer.text).toBe(`[{"Datacenter":"dc1","AreaID":"wan","Coordinates":[${place}]}]`);
    expect(answer.header("X-Consul-Index")).toBeUndefined();
  });

  test("of the nodes are this server's, once it has told them", async () => {
    const answer = await get("/v1/coordinate/nodes");
    // Consul: a server tells its own only some seconds after its start.
    expect(["[]", `[${place}]`]).toContain(answer.text);
    expect(answer.index).toBeGreaterThan(0);
    expect(answer.header("X-Consul-Knownleader")).toBe("true");
    expect((await get("/v1/coordinate/nodes?segment=x")).text).toBe("[]");
  });

  test("of a node that is not known are not found", async () => {
    for (const name of ["nosuch", ""]) {
      const answer = await get(`/v1/coordinate/node/${name}`);
      expect({ status: answer.status, text: answer.text }).toEqual({ status: 404, text: "" });
    }
  });

  test("are taken where they have eight dimensions", async () => {
    expectEmpty(await put("/v1/coordinate/update", { Node: "nosuch", Coord: coordinate }));
    expectError(await put("/v1/coordinate/update", { Node: "node1", Coord: { ...coordinate, Vec: [0, 0] } }), {
      status: 500,
      text: "incompatible coordinate",
    });
    expectError(await put("/v1/coordinate/update"), { status: 400, text: "Request decode failed: EOF" });
  });

  test("of another datacenter are not had", async () => {
    const answer = await get("/v1/coordinate/nodes?dc=other");
    expectError(answer, { status: 500, text: "No path to datacenter" });
    expect(answer.header("X-Consul-Knownleader")).toBe("false");
  });
});
