import { describe, expect, test } from "bun:test";
import { differs, get, keyFolder, put, sharedTarget, unique } from "../support/conformance.ts";
import { createPreparedQuery } from "../support/prepared-query.ts";

await sharedTarget();

const heldMs = 120;
const longWait = "5m";
const soonMs = 20_000;

function waiting(path: string, index: bigint, wait: string): string {
  return `${path}${path.includes("?") ? "&" : "?"}index=${index}&wait=${wait}`;
}

/** Fails unless the agent holds the query until its wait ends. */
async function expectHeld(path: string, index: bigint): Promise<void> {
  const started = performance.now();
  await get(waiting(path, index, `${heldMs}ms`));
  const tookMs = performance.now() - started;
  if (tookMs < heldMs) throw new Error(`${path} with the index ${index} was answered after ${tookMs} ms`);
}

/** Fails unless the agent answers at once, although the query allows it to hold the query for minutes. */
async function expectAtOnce(path: string, index: bigint): Promise<void> {
  const late = Bun.sleep(soonMs).then(() => {
    throw new Error(`${path} with the index ${index} was held`);
  });
  await Promise.race([get(waiting(path, index, longWait)), late]);
}

/** Writes a key and returns the key's index, which is the store's newest. */
async function newestIndex(): Promise<bigint> {
  const key = `/v1/kv/${keyFolder()}newest`;
  await put(key, "x");
  return BigInt((await get(key)).index);
}

const missing = unique("missing");

describe.each([
  ...["kv/KEY", "kv/KEY?raw", "kv/FOLDER?recurse", "kv/FOLDER?keys", `kv/${missing}`, `kv/${missing}/?recurse`],
  ...["catalog/nodes", "catalog/services", "catalog/service/consul", `catalog/service/${missing}`],
  ...["catalog/node/node1", "catalog/node-services/node1", `catalog/connect/${missing}`],
  ...["health/service/consul", `health/service/${missing}`, "health/node/node1", "health/state/any"],
  ...["health/checks/consul", `health/connect/${missing}`, "internal/ui/nodes", "internal/ui/services"],
  ...["session/list", "session/node/node1", "query", "coordinate/nodes"],
  ...["connect/intentions", "config/service-defaults"],
])("at %s", (named) => {
  test("a blocking query is held from its answer's index to one above the store's newest, else answered at once", async () => {
    const folder = keyFolder();
    await put(`/v1/kv/${folder}a`, "x");
    const path = `/v1/${named.replace("KEY", `${folder}a`).replace("FOLDER", folder)}`;
    const newest = await newestIndex();
    const own = BigInt((await get(path)).index);
    const above = [newest + 2n, newest + 1000n, 2n ** 63n, 2n ** 64n - 1n];
    const isHeld = differs("consul", "holds a wait with an index above that of the store, however far");
    await Promise.all([
      expectAtOnce(path, 0n),
      ...(own > 1n ? [expectAtOnce(path, 1n), expectAtOnce(path, own - 1n)] : []),
      ...[own, newest, newest + 1n].map((index) => expectHeld(path, index)),
      ...above.map((index) => (isHeld ? expectHeld(path, index) : expectAtOnce(path, index))),
    ]);
  });
});

test("a blocking query with an index one above the store's newest is answered after the next write of its key", async () => {
  const key = `/v1/kv/${keyFolder()}a`;
  await put(key, "one");
  const { index } = await get(key);
  const held = get(waiting(key, BigInt(index) + 1n, longWait));
  // The writes of other keys take the next indexes, and do not end the wait.
  for (let write = 0; write < 3; write += 1) await newestIndex();
  await put(key, "two");
  const answer = await held;
  expect([answer.status, answer.index]).toEqual([200, (await get(key)).index]);
  expect(answer.index).toBeGreaterThan(index + 1);
});

test("a blocking query for events is held only with the index of the list, and answered at once with any other", async () => {
  const name = unique("deploy");
  await put(`/v1/event/fire/${name}`, "x");
  const path = `/v1/event/list?name=${name}`;
  while ((await get(path)).text === "[]") await Bun.sleep(10);
  const own = BigInt((await get(path)).header("X-Consul-Index") ?? "");
  await expectHeld(path, own);
  for (const index of [0n, 1n, own - 1n, own + 1n, own + 2n, 2n ** 63n]) await expectAtOnce(path, index);
});

test("reads that do not support blocking are answered at once", async () => {
  const id = await createPreparedQuery({ Name: unique("query"), Service: { Service: "consul" } });
  const newest = await newestIndex();
  for (const path of [
    ...["agent/services", "agent/checks", "agent/members", "agent/service/nope", "status/leader"],
    ...["catalog/datacenters", `query/${id}/execute`, "session/info/nope", "coordinate/datacenters"],
  ])
    for (const index of [1n, newest, newest + 1n, 2n ** 63n]) await expectAtOnce(`/v1/${path}`, index);
});
