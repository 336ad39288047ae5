import { describe, expect, test } from "bun:test";
import { rejectionOf } from "../../test/support/rejection.ts";
import { checkNamed, nodeNamed, serviceNamed } from "../../test/support/state.ts";
import { openTestStore } from "../../test/support/store.ts";
import type { Node } from "../model/node.ts";
import type { Service } from "../model/service.ts";
import { deregister, nodes, nodeServices, register, serviceInstances, services } from "./catalog.ts";
import type { Store } from "./store.ts";

const id = "6f3f8f6c-6f0e-4a66-9e1c-0d4f0c6a8f11";

function add(store: Store, node: Node, service?: Service): Promise<void> {
  return register(store, { node, skipNodeUpdate: false, service, checks: [] });
}

async function openWithServices(): Promise<Store> {
  const { store } = openTestStore();
  await add(store, nodeNamed("n1", { meta: { rack: "1", zone: "a" } }), serviceNamed("web", { tags: ["blue", "v1"] }));
  await add(store, nodeNamed("n2", { meta: { rack: "2", zone: "a" } }), serviceNamed("web", { tags: ["GREEN", "v1"] }));
  await add(store, nodeNamed("n2", { meta: { rack: "2", zone: "a" } }), serviceNamed("db"));
  return store;
}

describe("the instances of a service", () => {
  test.each([
    [[], {}, ["n1", "n2"]],
    [["v1"], {}, ["n1", "n2"]],
    [["green"], {}, ["n2"]],
    [["v1", "blue"], {}, ["n1"]],
    [["blue", "green"], {}, []],
    [[], { rack: "1" }, ["n1"]],
    [[], { zone: "a", rack: "2" }, ["n2"]],
    [[], { rack: "" }, []],
    [["v1"], { toString: "x" }, []],
  ])("with all the tags %p, on nodes with the meta %p, are those on the nodes %p", async (tags, meta, expected) => {
    const store = await openWithServices();
    const found = serviceInstances("WEB", tags, meta).read(store.state);
    expect(found.map(({ node }) => node.name)).toEqual(expected);
  });
});

describe("the list of services", () => {
  test("has each service once, with the tags of all its instances", async () => {
    const store = await openWithServices();
    expect([...services({}).read(store.state)]).toEqual([
      ["db", []],
      ["web", ["blue", "v1", "GREEN"]],
    ]);
    expect([...services({ rack: "1" }).read(store.state).keys()]).toEqual(["web"]);
  });

  test("has a higher index after a node's meta changes only if the query filters by node-meta", async () => {
    const store = await openWithServices();
    const [all, filtered] = [services({}), services({ rack: "1" })];
    const before = store.indexOf(all.topics);
    await add(store, nodeNamed("n1", { meta: { rack: "9" } }));
    expect(store.indexOf(all.topics)).toBe(before);
    expect(store.indexOf(filtered.topics)).toBe(store.state.index);
  });
});

test("the list of nodes can be filtered by node-meta", async () => {
  const store = await openWithServices();
  expect(nodes({ zone: "a" }).read(store.state)).toHaveLength(2);
  expect(nodes({ zone: "a", rack: "1" }).read(store.state)).toHaveLength(1);
});

describe("a node", () => {
  test.each([id, id.toUpperCase(), id.slice(0, 4)])("is found by name and by the id or prefix %s", async (asked) => {
    const { store } = openTestStore();
    await add(store, nodeNamed("n1", { id }), serviceNamed("web"));
    expect(nodeServices(store, "N1").read(store.state)?.services).toHaveLength(1);
    expect(nodeServices(store, asked).read(store.state)?.node.name).toBe("n1");
  });

  test("is not found by a prefix that two ids share, or by fewer than two characters", async () => {
    const { store } = openTestStore();
    await add(store, nodeNamed("n1", { id }));
    expect(nodeServices(store, id.slice(0, 1)).read(store.state)).toBeUndefined();
    await add(store, nodeNamed("n2", { id: id.replace(/1$/, "2") }));
    expect(nodeServices(store, id.slice(0, 8)).read(store.state)).toBeUndefined();
    expect(nodeServices(store, id).read(store.state)?.node.name).toBe("n1");
  });

  test("wakes the watchers of its id when it is registered, and again at each later change of its services", async () => {
    const { store } = openTestStore();
    await add(store, nodeNamed("other"));
    const query = nodeServices(store, id);
    await add(store, nodeNamed("n1", { id }));
    expect(store.indexOf(query.topics)).toBe(store.state.index);
    await add(store, nodeNamed("n1", { id }), serviceNamed("web"));
    expect(store.indexOf(query.topics)).toBe(store.state.index);
    expect(query.read(store.state)?.services).toHaveLength(1);
  });

  test("wakes the watchers of its id when it is renamed, and again at each later change of its services", async () => {
    const { store } = openTestStore();
    await add(store, nodeNamed("n1", { id }));
    const query = nodeServices(store, id);
    for (const service of ["web", "db"]) {
      const { topics: before } = query;
      await add(store, nodeNamed("n2", { id }), serviceNamed(service));
      expect(store.indexOf(before)).toBe(store.state.index);
      expect(store.indexOf(query.topics)).toBe(store.state.index);
    }
    expect(query.read(store.state)?.services).toHaveLength(2);
  });

  test("has an index that never falls, even after the node is deleted", async () => {
    const { store } = openTestStore();
    const indexes: number[] = [];
    const note = (): void => void indexes.push(store.indexOf(nodeServices(store, "n1").topics));
    for (let round = 0; round < 3; round += 1) {
      note();
      await add(store, nodeNamed("other", { meta: { round: String(round) } }));
      note();
      await add(store, nodeNamed("n1"), serviceNamed("web"));
      note();
      await deregister(store, { node: "n1" });
      note();
    }
    expect(indexes).toEqual(indexes.toSorted((a, b) => a - b));
  });
});

test("a registration that breaks a rule of the catalog is rejected with Consul's error text", async () => {
  const { store } = openTestStore();
  const checks = [checkNamed("c", { serviceId: "web" })];
  const refused = register(store, { node: nodeNamed("n1"), skipNodeUpdate: false, checks });
  expect(await rejectionOf(refused)).toMatchObject({
    kind: "conflict",
    message: 'failed inserting check: Missing service registration on node "n1"',
  });
});
