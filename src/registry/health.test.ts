import { describe, expect, test } from "bun:test";
import { checkNamed, nodeNamed, serviceNamed } from "../../test/support/state.ts";
import { openTestStore } from "../../test/support/store.ts";
import type { Check } from "../model/check.ts";
import { register } from "./catalog.ts";
import { checksByStatus, nodeHealth, serviceCheckList, serviceHealth } from "./health.ts";
import type { Query } from "./query.ts";
import type { Store } from "./store.ts";

const everything = { tags: [], meta: {}, passingOnly: false };

async function openWithChecks(): Promise<Store> {
  const { store } = openTestStore();
  const up = checkNamed("up", { serviceId: "web", status: "passing" });
  await addWeb(store, "n1", [up, checkNamed("disk", { status: "passing" })]);
  await addWeb(store, "n2", [up, checkNamed("disk", { status: "warning" })]);
  await addWeb(store, "n3", []);
  return store;
}

function addWeb(store: Store, name: string, checks: readonly Check[]): Promise<void> {
  const node = nodeNamed(name, { meta: { name } });
  return register(store, { node, skipNodeUpdate: false, service: serviceNamed("web", { tags: [name] }), checks });
}

describe("the health of a service", () => {
  test("lists for each instance first the checks of its node, then the instance's own checks", async () => {
    const store = await openWithChecks();
    const found = serviceHealth("web", everything).read(store.state);
    expect(found.map(({ node, checks }) => [node.name, ...checks.map((check) => check.id)])).toEqual([
      ["n1", "disk", "up"],
      ["n2", "disk", "up"],
      ["n3"],
    ]);
  });

  test("omits, with ?passing, each instance that has a check of its own or of its node that does not pass", async () => {
    const store = await openWithChecks();
    const passing = serviceHealth("web", { ...everything, passingOnly: true }).read(store.state);
    expect(passing.map(({ node }) => node.name)).toEqual(["n1", "n3"]);
  });

  test("can be filtered by tag and node-meta", async () => {
    const store = await openWithChecks();
    const named = (filter: Partial<typeof everything>): string[] =>
      serviceHealth("web", { ...everything, ...filter })
        .read(store.state)
        .map(({ node }) => node.name);
    expect(named({ tags: ["n2"] as never[] })).toEqual(["n2"]);
    expect(named({ meta: { name: "n3" } })).toEqual(["n3"]);
  });
});

test("the list of a node's checks has the checks of the node and of all services on it", async () => {
  const store = await openWithChecks();
  expect(
    nodeHealth("N1")
      .read(store.state)
      .map((check) => check.id),
  ).toEqual(["disk", "up"]);
  expect(nodeHealth("nope").read(store.state)).toEqual([]);
});

describe("a list of checks that is filtered by node-meta", () => {
  const lists: [string, (meta: Record<string, string>) => Query<readonly Check[]>][] = [
    ["of a service", (meta) => serviceCheckList("web", meta)],
    ["in a status", (meta) => checksByStatus("passing", meta)],
    ["in any status", (meta) => checksByStatus("any", meta)],
  ];

  test.each(lists)("has only checks on nodes with that meta: %s", async (_name, list) => {
    const store = await openWithChecks();
    const found = list({ name: "n1" }).read(store.state);
    expect(found.length).toBeGreaterThan(0);
    expect(new Set(found.map((check) => check.node))).toEqual(new Set(["n1"]));
  });

  test.each(lists)("has a higher index after a node's meta changes, unlike the full list: %s", async (_name, list) => {
    const store = await openWithChecks();
    const [all, filtered] = [list({}), list({ name: "n1" })];
    const before = store.indexOf(all.topics);
    await register(store, { node: nodeNamed("n1", { meta: { name: "x" } }), skipNodeUpdate: false, checks: [] });
    expect(filtered.read(store.state)).toEqual([]);
    expect(store.indexOf(filtered.topics)).toBe(store.state.index);
    expect(store.indexOf(all.topics)).toBe(before);
  });
});

test("the indexes of the lists of checks by status and by service do not fall when the last check is removed", async () => {
  const store = await openWithChecks();
  const lists = [checksByStatus("warning", {}), serviceCheckList("web", {}), serviceHealth("web", everything)];
  const before = lists.map((query) => store.indexOf(query.topics));
  for (const node of ["n1", "n2", "n3"]) await store.submit({ type: "deregister", node });
  lists.forEach((query, at) => {
    expect(query.read(store.state)).toEqual([]);
    expect(store.indexOf(query.topics)).toBeGreaterThan(before[at] ?? 0);
  });
});
