import { afterAll, expect, test } from "bun:test";
import { type Answer, exchange } from "../support/exchange.ts";
import { startTarget } from "../support/target.ts";

// These agents model two machines with the same host name: a broken board and its replacement.
const broken = await startTarget();
const fresh = await startTarget();
afterAll(async () => {
  await broken.stop();
  await fresh.stop();
});

async function nodeId(url: string): Promise<string> {
  const { json } = await exchange(url, "GET", { path: "/v1/catalog/node/node1" });
  return (json as { Node: { ID: string } }).Node.ID;
}

test("a replacement gateway takes keys and node name from the old one's snapshot, and keeps its id and services", async () => {
  const put = (path: string, body: unknown): Promise<Answer> => exchange(broken.url, "PUT", { path, body });
  await put("/v1/kv/edgex/a", "kept");
  await put("/v1/agent/service/register", { Name: "old" });
  const { bytes } = await exchange(broken.url, "GET", { path: "/v1/snapshot" });
  const ownId = await nodeId(fresh.url);
  expect(await nodeId(broken.url)).not.toBe(ownId);

  await exchange(fresh.url, "PUT", { path: "/v1/agent/service/register", body: { Name: "new" } });
  const restored = await exchange(fresh.url, "PUT", { path: "/v1/snapshot", body: bytes });
  expect([restored.status, restored.text]).toEqual([200, ""]);

  expect(await nodeId(fresh.url)).toBe(ownId);
  const read = (path: string): Promise<Answer> => exchange(fresh.url, "GET", { path });
  expect((await read("/v1/kv/edgex/a?raw")).text).toBe("kept");
  expect((await read("/v1/catalog/services")).json).toEqual({ consul: [], new: [] });
  expect((await read("/v1/health/node/node1")).json).toMatchObject([{ CheckID: "serfHealth", Status: "passing" }]);
  await fresh.restart("SIGKILL");
  expect(await nodeId(fresh.url)).toBe(ownId);
});
