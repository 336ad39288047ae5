import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { whileBlocked } from "../support/blocked.ts";
import { expectError, get, put, sharedTarget, unique } from "../support/conformance.ts";
import { placeNodes } from "../support/places.ts";

await sharedTarget();

const name = unique("near");
/**
 * The nodes a, b and c have coordinates on a line, of which c is nearest to the origin; d and e have sent no
 * coordinate.
 */
const letters = ["a", "b", "c", "d", "e"];
const nodes = letters.map((letter) => `${name}-${letter}`);

beforeAll(async () => {
  for (const Node of nodes) {
    await put("/v1/catalog/register", {
      ...{ Node, Address: "127.0.0.1", NodeMeta: { row: name } },
      Service: { Service: name },
      Check: { Name: "up", ServiceID: name, Status: "warning" },
    });
  }
  await placeNodes({ [`${name}-a`]: 3, [`${name}-b`]: 2, [`${name}-c`]: 1 });
});

afterAll(async () => {
  for (const Node of nodes) await put("/v1/catalog/deregister", { Node });
});

const paths = [
  `/v1/catalog/nodes?node-meta=row:${name}`,
  `/v1/catalog/service/${name}?`,
  `/v1/health/service/${name}?`,
  `/v1/health/checks/${name}?`,
  `/v1/health/state/warning?node-meta=row:${name}`,
  `/v1/health/state/any?node-meta=row:${name}`,
];

/** Returns the letters of the nodes in the order in which the answer names them. */
function orderOf(text: string): string {
  const names = [...text.matchAll(/"Node":"([^"]+)"/g)].map(([, node = ""]) => node.slice(name.length + 1));
  return [...new Set(names)].join(" ");
}

describe.each(paths)("the rows of %s", (path) => {
  test.each([
    ["c", "c b a d e"],
    ["C", "c b a d e"],
    ["a", "a b c d e"],
    ["b", "b a c d e"],
    ["d", "a b c d e"],
  ])(
    "with &near=<%s> are sorted by distance from that node, and those of nodes without coordinates are last",
    async (letter, order) => {
      expect(orderOf((await get(`${path}&near=${name}-${letter}`)).text)).toBe(order);
    },
  );

  test.each(["nosuch", "_ip", "", `&near=${name}-c`])(
    "with &near=%s are in the same order as without it",
    async (near) => {
      expect(orderOf((await get(`${path}&near=${near}`)).text)).toBe("a b c d e");
    },
  );

  test("with several &near are sorted by the first", async () => {
    expect(orderOf((await get(`${path}&near=${name}-c&near=${name}-a&dc=dc1`)).text)).toBe("c b a d e");
  });

  test("of another datacenter are refused with &near, too", async () => {
    expectError(await get(`${path}&near=${name}-c&dc=other`), { status: 500, text: "No path to datacenter" });
  });
});

test("near=_agent sorts by the distance to this agent's node", async () => {
  // Consul: a server has coordinates only some seconds after its start; until then the order is unchanged.
  const known = (await get("/v1/coordinate/node/node1")).status === 200;
  expect(orderOf((await get(`/v1/catalog/service/${name}?near=_agent`)).text)).toBe(known ? "c b a d e" : "a b c d e");
});

test("a changed coordinate changes the order of a list with &near, wakes no blocking query, and changes no index", async () => {
  const path = `/v1/catalog/service/${name}?near=${name}-a`;
  const { before, after, tookMs } = await whileBlocked(path, () => placeNodes({ [`${name}-b`]: 0 }), { wait: "7s" });
  expect(orderOf(before.text)).toBe("a b c d e");
  expect(orderOf((await get(path)).text)).toBe("a c b d e");
  expect([after.index, tookMs > 6_000]).toEqual([before.index, true]);
});
