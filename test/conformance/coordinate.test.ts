import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { expectWoken, whileBlocked } from "../support/blocked.ts";
import { expectEmpty, expectError, get, put, registerNode, sharedTarget, unique } from "../support/conformance.ts";
import { coordinateAt, placeNodes } from "../support/places.ts";

await sharedTarget();

const place =
  '{"Node":"node1","Segment":"","Coord":{"Vec":[0,0,0,0,0,0,0,0],"Error":1.5,"Adjustment":0,"Height":0.00001}}';
const coordinate = coordinateAt(0);

/** Returns the JSON of a node's coordinate, as in an answer. */
function rowAt(node: string, seconds: number, segment = ""): string {
  return JSON.stringify({ Node: node, Segment: segment, Coord: coordinateAt(seconds) });
}

describe("coordinates", () => {
  test("of the datacenter are those of its only server", async () => {
    const answer = await get("/v1/coordinate/datacenters");
    expect(answer.text).toBe(`[{"Datacenter":"dc1","AreaID":"wan","Coordinates":[${place}]}]`);
    expect(answer.header("X-Consul-Index")).toBeUndefined();
  });

  test("of the nodes include the server's, once the server has sent them", async () => {
    const answer = await get("/v1/coordinate/nodes");
    // Consul: a server sends its coordinates some seconds after its start.
    if (answer.text.includes('"Node":"node1"')) expect(answer.text).toContain(place);
    expect(answer.index).toBeGreaterThan(0);
    expect(answer.header("X-Consul-Knownleader")).toBe("true");
    expect((await get("/v1/coordinate/nodes?segment=x")).text).toBe("[]");
  });

  test("of an unknown node are a 404", async () => {
    for (const name of ["nosuch", ""]) {
      const answer = await get(`/v1/coordinate/node/${name}`);
      expect({ status: answer.status, text: answer.text }).toEqual({ status: 404, text: "" });
    }
  });

  test("cannot be read for another datacenter: the request fails with 500", async () => {
    const answer = await get("/v1/coordinate/nodes?dc=other");
    expectError(answer, { status: 500, text: "No path to datacenter" });
    expect(answer.header("X-Consul-Knownleader")).toBe("false");
  });
});

describe("an update of coordinates", () => {
  test("is accepted with eight dimensions, whether the node exists or not", async () => {
    expectEmpty(await put("/v1/coordinate/update", { Node: "nosuch", Coord: coordinate }));
    expectEmpty(await put("/v1/coordinate/update?dc=dc1", { Node: "nosuch", Datacenter: "other", Coord: coordinate }));
    expectEmpty(await put("/v1/coordinate/update", { Node: "nosuch", Coord: { Vec: [1, 0, null, 0, 0, 0, 0, 0] } }));
  });

  const field = (name: string): string => `Go struct field ${name}`;
  const unmarshal = "Request decode failed: json: cannot unmarshal";

  test.each([
    [{ Node: "x", Coord: { ...coordinate, Vec: [0, 0] } }, 500, "incompatible coordinate"],
    [{ Node: "x", Coord: {} }, 500, "incompatible coordinate"],
    [{ Node: "x", Datacenter: "other", Coord: coordinate }, 500, "No path to datacenter"],
    [undefined, 400, "Request decode failed: EOF"],
    [{ Node: "x", Coord: coordinate, Bogus: 1 }, 400, 'Request decode failed: json: unknown field "Bogus"'],
    [{ Node: 7 }, 400, `${unmarshal} number into ${field("CoordinateUpdateRequest.Node of type string")}`],
    [
      { Coord: 3 },
      400,
      `${unmarshal} number into ${field("CoordinateUpdateRequest.Coord of type coordinate.Coordinate")}`,
    ],
    [{ Coord: { Vec: 3 } }, 400, `${unmarshal} number into ${field("Coordinate.Coord.Vec of type []float64")}`],
    [{ Coord: { Vec: ["1"] } }, 400, `${unmarshal} string into ${field("Coordinate.Coord.Vec of type float64")}`],
    [{ Coord: { Error: "1" } }, 400, `${unmarshal} string into ${field("Coordinate.Coord.Error of type float64")}`],
  ])("is refused with the body %j", async (body, status, text) => {
    expectError(await put("/v1/coordinate/update", body), { status, text });
  });

  test("is refused for another datacenter", async () => {
    const answer = await put("/v1/coordinate/update?dc=other", { Node: "x", Coord: coordinate });
    expectError(answer, { status: 500, text: "No path to datacenter" });
  });
});

describe("coordinates that nodes have sent", () => {
  const name = unique("placed");
  const [alpha, beta, ghost] = [`${name}-alpha`, `${name}-beta`, `${name}-ghost`];

  beforeAll(async () => {
    for (const Node of [alpha, beta]) await put("/v1/catalog/register", { Node, Address: "192.0.2.1" });
    await put("/v1/coordinate/update", { Node: beta, Segment: "x", Coord: coordinateAt(2) });
    await put("/v1/coordinate/update", { Node: ghost, Coord: coordinateAt(4) });
    await put("/v1/coordinate/update", { Node: alpha, Coord: coordinateAt(9) });
    await placeNodes({ [alpha]: 1.5 });
  });

  afterAll(async () => {
    for (const Node of [alpha, beta]) await put("/v1/catalog/deregister", { Node });
  });

  /**
   * Requests the coordinates of all nodes, and returns those of this test's nodes. The answer may also contain the
   * coordinate of this server.
   */
  async function listed(query: string): Promise<string> {
    const rows = (await get(`/v1/coordinate/nodes${query}`)).json as readonly { readonly Node: string }[];
    return rows
      .filter(({ Node }) => Node.startsWith(name))
      .map((row) => JSON.stringify(row))
      .join();
  }

  test("are listed in the order of node names, with only the newest of each node", async () => {
    expect(await listed("")).toBe(`${rowAt(alpha, 1.5)},${rowAt(beta, 2, "x")}`);
  });

  test("are listed by segment; the default segment has an empty name", async () => {
    expect(await listed("?segment=x")).toBe(rowAt(beta, 2, "x"));
    expect(await listed("?segment=")).toBe(rowAt(alpha, 1.5));
    expect(await listed("?segment=X")).toBe("");
  });

  test("are found by node name in any letter case, and the answer has the name as requested", async () => {
    for (const asked of [alpha, alpha.toUpperCase()]) {
      const answer = await get(`/v1/coordinate/node/${asked}`);
      expect(answer.text).toBe(`[${rowAt(asked, 1.5)}]`);
      expect(answer.header("Content-Type")).toBe("application/json");
      expect(answer.index).toBeGreaterThan(0);
    }
    expect((await get(`/v1/coordinate/node/${beta}?segment=x`)).text).toBe(`[${rowAt(beta, 2, "x")}]`);
    expect((await get(`/v1/coordinate/node/${beta}?segment=`)).status).toBe(404);
  });
});

test("an update of coordinates wakes the blocking queries for them, and so does the deregistration of their node", async () => {
  const Node = unique("moving");
  await registerNode({ Node });
  await placeNodes({ [Node]: 1 });
  for (const path of ["/v1/coordinate/nodes", `/v1/coordinate/node/${Node}`]) {
    const moved = await whileBlocked(path, () => placeNodes({ [Node]: path.length }));
    expect(moved.after.text).toContain(rowAt(Node, path.length));
    expect(moved.after.index).toBeGreaterThan(moved.before.index);
  }
  const gone = await whileBlocked("/v1/coordinate/nodes", () => put("/v1/catalog/deregister", { Node }));
  expectWoken(gone);
  expect(gone.after.text).not.toContain(Node);
  expect((await get(`/v1/coordinate/node/${Node}`)).status).toBe(404);
});
