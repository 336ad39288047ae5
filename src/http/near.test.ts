import { expect, test } from "bun:test";
import { startTestApi, type TestApi } from "../../test/support/api.ts";
import { nodeAt } from "../../test/support/coordinates.ts";
import { settle } from "../../test/support/settle.ts";
import { nodeNamed, serviceNamed } from "../../test/support/state.ts";

const path = "/v1/catalog/service/web?near=_agent";

async function apiWithNodes(): Promise<TestApi> {
  const api = await startTestApi();
  for (const name of ["n1", "x", "y"]) {
    const register = { type: "register", node: nodeNamed(name), skipNodeUpdate: false, checks: [] } as const;
    await api.store.submit({ ...register, service: serviceNamed("web") });
  }
  return api;
}

async function move(api: TestApi, places: Readonly<Record<string, number>>): Promise<void> {
  for (const [name, seconds] of Object.entries(places)) api.coordinates.update(nodeAt(name, seconds));
  await api.clock.advance(5_000);
}

async function order(response: Response): Promise<string> {
  return [...(await response.text()).matchAll(/"Node":"(\w+)"/g)].map(([, name]) => name).join(" ");
}

test("an answer sorted by distance is rendered again when a node's coordinate changes, with the same index", async () => {
  const api = await apiWithNodes();
  const indexes = new Set<string | null>();
  for (const [places, expected] of [
    [{ x: 2, y: 1 }, "n1 y x"],
    [{ y: 3 }, "n1 x y"],
    [{ n1: 9 }, "n1 y x"],
  ] as const) {
    await move(api, places);
    for (let again = 0; again < 2; again += 1) {
      const response = await api.ask(path);
      indexes.add(response.headers.get("X-Consul-Index"));
      expect(await order(response)).toBe(expected);
    }
  }
  expect(indexes.size).toBe(1);
});

test("a blocking query sorted by distance is not woken when a node's coordinate changes", async () => {
  const api = await apiWithNodes();
  let woken = false;
  void api.ask(`${path}&index=${api.store.state.index}`).then(() => (woken = true));
  await move(api, { x: 1 });
  expect(woken).toBe(false);
  await api.store.submit({ type: "deregister", node: "y" });
  await settle();
  expect(woken).toBe(true);
});

test("kept answers that are not sorted by distance stay valid when the nodes' coordinates change", async () => {
  const api = await apiWithNodes();
  await api.ask("/v1/catalog/nodes");
  const { size } = api.answers;
  await move(api, { x: 1 });
  expect([size, api.answers.size]).toEqual([1, 1]);
});

test("a blocking query for coordinates with their newest index is held, although that index is above all writes'", async () => {
  const api = await apiWithNodes();
  for (let x = 1; x <= 5; x += 1) await move(api, { x });
  const before = Number((await api.ask("/v1/coordinate/nodes")).headers.get("X-Consul-Index"));
  expect(before).toBeGreaterThan(api.store.state.index);
  for (const what of ["nodes", "node/y"]) {
    const { timerCount } = api.clock;
    let response: Response | undefined;
    void api.ask(`/v1/coordinate/${what}?index=${before}`).then((answer) => (response = answer));
    await settle();
    expect([response, api.clock.timerCount]).toEqual([undefined, timerCount + 1]);
  }
  await move(api, { y: 2 });
  const after = await api.ask("/v1/coordinate/nodes");
  expect(Number(after.headers.get("X-Consul-Index"))).toBeGreaterThan(before);
  expect(await order(after)).toBe("n1 x y");
});
