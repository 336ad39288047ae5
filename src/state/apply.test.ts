import { describe, expect, test } from "bun:test";
import { checkNamed, keySet, nodeNamed, serviceNamed, StateDriver } from "../../test/support/state.ts";
import type { Command } from "./command.ts";
import { tombstonesMax } from "./draft.ts";
import { getCheck, getNode, getService, instancesOfService, servicesOfNode } from "./lookup.ts";
import { getKv, listKeys } from "./kv.ts";
import { topicIndex } from "./state.ts";
import { topics } from "./topics.ts";

describe("keys", () => {
  test("a write that changes nothing does not raise the index", () => {
    const driver = new StateDriver();
    driver.run(keySet("a", "1"));
    const before = driver.state;
    expect(driver.run(keySet("a", "1")).state).toBe(before);
  });

  test("a write with the same value and other flags raises the index", () => {
    const driver = new StateDriver();
    driver.run(keySet("a", "1"));
    driver.run(keySet("a", "1", { flags: 7n }));
    expect(getKv(driver.state, "a")).toMatchObject({ createIndex: 1, modifyIndex: 2, flags: 7n });
  });

  test("a check-and-set writes only if the key's ModifyIndex is the given index, and with 0 only a new key", () => {
    const driver = new StateDriver();
    expect(driver.run(keySet("a", "1", { cas: 5 })).outcome.type).toBe("unchanged");
    expect(driver.run(keySet("a", "1", { cas: 0 })).outcome.type).toBe("done");
    expect(driver.run(keySet("a", "2", { cas: 0 })).outcome.type).toBe("unchanged");
    expect(driver.run(keySet("a", "2", { cas: 1 })).outcome.type).toBe("done");
    expect(driver.state.index).toBe(2);
  });

  test("deleting the keys below a prefix raises the index of every tree that contained one of the keys", () => {
    const driver = new StateDriver();
    driver.run(keySet("a/b/c", "1"));
    const { touched } = driver.run({ type: "kv-delete-tree", prefix: "a/" });
    for (const prefix of ["", "a/", "a/b/", "a/b/c"]) expect(topicIndex(driver.state, topics.tree(prefix))).toBe(2);
    expect(topicIndex(driver.state, topics.tree("a/x"))).toBe(1);
    expect([...touched]).toEqual([topics.key("a/b/c")]);
  });

  test("a list of keys with a separator contains each folder of one level once", () => {
    const driver = new StateDriver();
    for (const key of ["a/b/c", "a/b/d", "a/e", "a/b"]) driver.run(keySet(key, "1"));
    expect(listKeys(driver.state, "a/", "/")).toEqual(["a/b", "a/b/", "a/e"]);
    expect(listKeys(driver.state, "a/", "")).toEqual(["a/b", "a/b/c", "a/b/d", "a/e"]);
  });

  test("keys are listed in the order of their UTF-8 bytes", () => {
    const driver = new StateDriver();
    const keys = ["z", "\u{1F600}", "\uffee", "\ue000", "é", "a"];
    for (const key of keys) driver.run(keySet(key, "1"));
    const byBytes = keys.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    expect(listKeys(driver.state, "", "")).toEqual(byBytes);
  });

  test("the number of tombstones is bounded, and no index falls when the state drops old tombstones", () => {
    const driver = new StateDriver();
    for (let at = 0; at <= tombstonesMax; at += 1) driver.run(keySet(`k${at}`, "1"));
    const { index } = driver.run({ type: "kv-delete-tree", prefix: "k" }).state;
    expect(driver.state.tombstones.size).toBeLessThanOrEqual(tombstonesMax);
    expect(topicIndex(driver.state, topics.key("k0"))).toBe(index);
    expect(topicIndex(driver.state, topics.tree("k"))).toBe(index);
  });
});

describe("registrations", () => {
  const web = (): Command => ({
    type: "register",
    node: nodeNamed("n1"),
    skipNodeUpdate: false,
    service: serviceNamed("web"),
    checks: [checkNamed("alive"), checkNamed("web-up", { serviceId: "web" })],
  });

  test("a repeated registration changes nothing", () => {
    const driver = new StateDriver();
    driver.run(web());
    const before = driver.state;
    expect(driver.run(web()).state).toBe(before);
  });

  test("a registration with a check of an unknown service is rejected, and its node is not written", () => {
    const driver = new StateDriver();
    const before = driver.state;
    const checks = [checkNamed("c", { serviceId: "nope" })];
    const applied = driver.run({ type: "register", node: nodeNamed("n1"), skipNodeUpdate: false, checks });
    expect(applied.outcome.type).toBe("rejected");
    expect(applied.state).toBe(before);
    expect(applied.changes).toEqual([]);
  });

  test("deregistering a node deletes its services and checks", () => {
    const driver = new StateDriver();
    driver.run(web());
    driver.run({ type: "deregister", node: "N1" });
    expect(driver.state.nodes.size + driver.state.services.size + driver.state.checks.size).toBe(0);
    expect(topicIndex(driver.state, topics.service("web"))).toBe(2);
  });

  test("nodes, services and checks are found by their names in any letter case", () => {
    const driver = new StateDriver();
    driver.run(web());
    expect(getService(driver.state, "N1", "WEB")?.name).toBe("web");
    expect(instancesOfService(driver.state, "Web")).toHaveLength(1);
  });

  test("names of nodes, services and checks may contain NUL characters", () => {
    const driver = new StateDriver();
    const register = (node: string, id: string): void => {
      const service = serviceNamed("x", { id });
      driver.run({ type: "register", node: nodeNamed(node), skipNodeUpdate: false, service, checks: [] });
    };
    register("a", "b");
    register("a\0b", "");
    register("a", "\u0001b");
    register("a\0", "b");
    expect(driver.state.services.size).toBe(4);
    expect(servicesOfNode(driver.state, "a").map(({ id }) => id)).toEqual(["\u0001b", "b"]);
  });

  test("a change of a node's check touches the topics of every service on the node, and of no other service", () => {
    const driver = new StateDriver();
    driver.run(web());
    driver.run({
      type: "register",
      node: nodeNamed("n2"),
      skipNodeUpdate: false,
      service: serviceNamed("db"),
      checks: [],
    });
    const { touched } = driver.run({
      type: "register",
      node: nodeNamed("n1"),
      skipNodeUpdate: false,
      checks: [checkNamed("alive", { status: "passing" })],
    });
    expect(touched).toContain(topics.service("web"));
    expect(touched).not.toContain(topics.service("db"));
    expect(touched).not.toContain(topics.services);
  });

  test("a service that is registered again with another name is found by the new name only", () => {
    const driver = new StateDriver();
    driver.run(web());
    const service = serviceNamed("shop", { id: "web" });
    driver.run({ type: "register", node: nodeNamed("n1"), skipNodeUpdate: false, service, checks: [] });
    expect(instancesOfService(driver.state, "web")).toEqual([]);
    expect(instancesOfService(driver.state, "shop")[0]).toMatchObject({ createIndex: 1, modifyIndex: 2 });
    expect(topicIndex(driver.state, topics.service("web"))).toBe(2);
  });

  test("the checks of a service get its new name and tags when the service is registered again", () => {
    const driver = new StateDriver();
    driver.run(web());
    const service = serviceNamed("shop", { id: "web", tags: ["new"] });
    const { touched } = driver.run({
      type: "register",
      node: nodeNamed("n1"),
      skipNodeUpdate: true,
      service,
      checks: [],
    });
    expect(getCheck(driver.state, "n1", "web-up")).toMatchObject({ serviceName: "shop", serviceTags: ["new"] });
    expect([...touched]).toEqual(expect.arrayContaining(["web", "shop"].map(topics.serviceChecks)));
    expect(getCheck(driver.state, "n1", "alive")).toMatchObject({ modifyIndex: 1 });
  });

  test("deleted services leave no rows or indexes in the state, only tombstones", () => {
    const driver = new StateDriver();
    driver.run({ type: "register", node: nodeNamed("n1"), skipNodeUpdate: false, checks: [] });
    const kept = driver.state.topicIndexes.size;
    for (let at = 0; at < 20; at += 1) {
      const service = serviceNamed(`web-${at}`);
      const checks = [checkNamed("up", { serviceId: service.id })];
      driver.run({ type: "register", node: nodeNamed("n1"), skipNodeUpdate: false, service, checks });
      driver.run({ type: "deregister", node: "n1", serviceId: service.id });
    }
    expect(driver.state.topicIndexes.size).toBeLessThanOrEqual(kept);
    expect(topicIndex(driver.state, topics.service("web-0"))).toBe(3);
  });

  test("a node registered with a known id under another name is renamed", () => {
    const driver = new StateDriver();
    const id = "6f3f8f6c-6f0e-4a66-9e1c-0d4f0c6a8f11";
    driver.run({ type: "register", node: nodeNamed("old", { id }), skipNodeUpdate: false, checks: [] });
    driver.run({ type: "register", node: nodeNamed("new", { id }), skipNodeUpdate: false, checks: [] });
    expect(getNode(driver.state, "old")).toBeUndefined();
    expect(getNode(driver.state, "new")?.id).toBe(id);
  });

  test("a node with another id cannot take the name of a node that is alive", () => {
    const driver = new StateDriver();
    const register = (id: string): Command => ({
      type: "register",
      node: nodeNamed("n1", { id }),
      skipNodeUpdate: false,
      checks: [checkNamed("serfHealth", { status: "passing" })],
    });
    driver.run(register("6f3f8f6c-6f0e-4a66-9e1c-0d4f0c6a8f11"));
    const applied = driver.run(register("7f3f8f6c-6f0e-4a66-9e1c-0d4f0c6a8f11"));
    expect(applied.outcome).toMatchObject({ type: "rejected", reason: { code: "node-id-taken" } });
  });
});
