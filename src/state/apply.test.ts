import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { checkNamed, keySet, nodeNamed, proxyFor, serviceNamed, StateDriver } from "../../test/support/state.ts";
import { apply } from "./apply.ts";
import type { Command } from "./command.ts";
import { tombstonesMax } from "./draft.ts";
import {
  checksInStatus,
  checksOfInstance,
  checksOfNode,
  checksOfService,
  getCheck,
  getNode,
  getService,
  instancesForConnect,
  instancesOfService,
  listInstances,
  listNodes,
  servicesOfNode,
} from "./lookup.ts";
import { getKv, listKeys } from "./kv.ts";
import { openState } from "./open-state.ts";
import { topicIndex, type State } from "./state.ts";
import { topics, type Topic } from "./topics.ts";

describe("keys", () => {
  test("a write that changes nothing does not move the index", () => {
    const driver = new StateDriver();
    driver.run(keySet("a", "1"));
    const before = driver.state;
    expect(driver.run(keySet("a", "1")).state).toBe(before);
  });

  test("other flags are a change", () => {
    const driver = new StateDriver();
    driver.run(keySet("a", "1"));
    driver.run(keySet("a", "1", { flags: 7n }));
    expect(getKv(driver.state, "a")).toMatchObject({ createIndex: 1, modifyIndex: 2, flags: 7n });
  });

  test("check-and-set takes effect only at the index it names, and 0 means that there is no such key", () => {
    const driver = new StateDriver();
    expect(driver.run(keySet("a", "1", { cas: 5 })).outcome.type).toBe("unchanged");
    expect(driver.run(keySet("a", "1", { cas: 0 })).outcome.type).toBe("done");
    expect(driver.run(keySet("a", "2", { cas: 0 })).outcome.type).toBe("unchanged");
    expect(driver.run(keySet("a", "2", { cas: 1 })).outcome.type).toBe("done");
    expect(driver.state.index).toBe(2);
  });

  test("deleting a tree raises the index of every prefix above and below its root", () => {
    const driver = new StateDriver();
    driver.run(keySet("a/b/c", "1"));
    const { touched } = driver.run({ type: "kv-delete-tree", prefix: "a/" });
    for (const prefix of ["", "a/", "a/b/", "a/b/c"]) expect(topicIndex(driver.state, topics.tree(prefix))).toBe(2);
    expect(topicIndex(driver.state, topics.tree("a/x"))).toBe(1);
    expect([...touched]).toEqual([topics.key("a/b/c")]);
  });

  test("a separator folds what lies below one level, once", () => {
    const driver = new StateDriver();
    for (const key of ["a/b/c", "a/b/d", "a/e", "a/b"]) driver.run(keySet(key, "1"));
    expect(listKeys(driver.state, "a/", "/")).toEqual(["a/b", "a/b/", "a/e"]);
    expect(listKeys(driver.state, "a/", "")).toEqual(["a/b", "a/b/c", "a/b/d", "a/e"]);
  });

  test("keys are in the order of their UTF-8 bytes", () => {
    const driver = new StateDriver();
    const keys = ["z", "\u{1F600}", "\uffee", "\ue000", "é", "a"];
    for (const key of keys) driver.run(keySet(key, "1"));
    const byBytes = keys.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    expect(listKeys(driver.state, "", "")).toEqual(byBytes);
  });

  test("tombstones are bounded, and dropping them never lowers an index", () => {
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

  test("registering the same again changes nothing", () => {
    const driver = new StateDriver();
    driver.run(web());
    const before = driver.state;
    expect(driver.run(web()).state).toBe(before);
  });

  test("a check of a service that is not there refuses the whole registration", () => {
    const driver = new StateDriver();
    const before = driver.state;
    const checks = [checkNamed("c", { serviceId: "nope" })];
    const applied = driver.run({ type: "register", node: nodeNamed("n1"), skipNodeUpdate: false, checks });
    expect(applied.outcome.type).toBe("rejected");
    expect(applied.state).toBe(before);
    expect(applied.changes).toEqual([]);
  });

  test("deregistering a node takes its services and checks along", () => {
    const driver = new StateDriver();
    driver.run(web());
    driver.run({ type: "deregister", node: "N1" });
    expect(driver.state.nodes.size + driver.state.services.size + driver.state.checks.size).toBe(0);
    expect(topicIndex(driver.state, topics.service("web"))).toBe(2);
  });

  test("names are found whatever their letter case", () => {
    const driver = new StateDriver();
    driver.run(web());
    expect(getService(driver.state, "N1", "WEB")?.name).toBe("web");
    expect(instancesOfService(driver.state, "Web")).toHaveLength(1);
  });

  test("names with NULs in them are names like others", () => {
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

  test("a change of a node's own check concerns every service on the node and no other", () => {
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

  test("a service registered again under another name leaves its old name", () => {
    const driver = new StateDriver();
    driver.run(web());
    const service = serviceNamed("shop", { id: "web" });
    driver.run({ type: "register", node: nodeNamed("n1"), skipNodeUpdate: false, service, checks: [] });
    expect(instancesOfService(driver.state, "web")).toEqual([]);
    expect(instancesOfService(driver.state, "shop")[0]).toMatchObject({ createIndex: 1, modifyIndex: 2 });
    expect(topicIndex(driver.state, topics.service("web"))).toBe(2);
  });

  test("checks follow their service when it is renamed or has other tags", () => {
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

  test("services that come and go under ever new names leave no more behind than the tombstones", () => {
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

  test("a node that comes back under another name keeps its id and loses the old name", () => {
    const driver = new StateDriver();
    const id = "6f3f8f6c-6f0e-4a66-9e1c-0d4f0c6a8f11";
    driver.run({ type: "register", node: nodeNamed("old", { id }), skipNodeUpdate: false, checks: [] });
    driver.run({ type: "register", node: nodeNamed("new", { id }), skipNodeUpdate: false, checks: [] });
    expect(getNode(driver.state, "old")).toBeUndefined();
    expect(getNode(driver.state, "new")?.id).toBe(id);
  });

  test("the name of a node that is alive cannot be taken by another id", () => {
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

describe("over random commands", () => {
  const name = fc.constantFrom("a", "b", "A", "c");
  const status = fc.constantFrom("passing" as const, "warning" as const, "critical" as const);
  const key = fc.constantFrom("a", "a/b", "a/b/c", "b", "\u{1F600}", "\uffee");
  const check = fc.record({ id: name, serviceId: fc.constantFrom("", "a", "b"), status });
  const command: fc.Arbitrary<Command> = fc.oneof(
    fc.record({ key, value: fc.string({ maxLength: 3 }) }).map(({ key: at, value }) => keySet(at, value)),
    fc.record({ type: fc.constant("kv-delete" as const), key }),
    fc.record({ type: fc.constant("kv-delete-tree" as const), prefix: fc.constantFrom("", "a", "a/", "b") }),
    fc
      .record({
        node: name,
        id: fc.constantFrom("", "id-1", "id-2"),
        service: fc.option(fc.record({ id: name, name, proxyFor: fc.option(name) }), { nil: undefined }),
        tag: name,
        checks: fc.array(check, { maxLength: 2 }),
      })
      .map(({ node, id, service, tag, checks }) => ({
        type: "register" as const,
        node: nodeNamed(node, { id, address: tag }),
        skipNodeUpdate: false,
        service: service && serviceNamed(service.name, { id: service.id, tags: [tag], ...proxyFor(service.proxyFor) }),
        checks: checks.map(({ id, ...changes }) => checkNamed(id, changes)),
      })),
    fc.record({
      type: fc.constant("deregister" as const),
      node: name,
      serviceId: fc.option(name, { nil: undefined }),
      checkId: fc.option(name, { nil: undefined }),
    }),
  );
  const commands = fc.array(command, { maxLength: 40 });
  const watched: readonly Topic[] = [
    topics.nodes,
    topics.services,
    topics.checks,
    topics.tree(""),
    topics.tree("a/"),
    topics.key("a/b"),
    ...["passing", "critical"].map(topics.checksInStatus),
    ...["a", "b", "c"].flatMap((of) => [
      topics.node(of),
      topics.nodeChecks(of),
      topics.service(of),
      topics.serviceChecks(of),
      topics.connect(of),
    ]),
  ];

  test("no topic's index ever falls, and one that is touched has the command's", () => {
    fc.assert(
      fc.property(commands, (all) => {
        const driver = new StateDriver();
        for (const each of all) {
          const before = watched.map((topic) => topicIndex(driver.state, topic));
          const { touched, state } = driver.run(each);
          watched.forEach((topic, at) => {
            const index = topicIndex(state, topic);
            expect(index).toBeGreaterThanOrEqual(before[at] ?? 0);
            if (touched.has(topic)) expect(index).toBe(state.index);
          });
        }
      }),
    );
  });

  test("what a topic tells changes only when the topic is touched", () => {
    const told = (state: State): Record<string, unknown> => ({
      [topics.service("a")]: instancesOfService(state, "a").map((service) => [
        service,
        getNode(state, service.node),
        checksOfInstance(state, service.node, service.id),
      ]),
      [topics.connect("a")]: instancesForConnect(state, "a").map((service) => [
        service,
        getNode(state, service.node),
        checksOfInstance(state, service.node, service.id),
      ]),
      [topics.serviceChecks("a")]: instancesOfService(state, "a").flatMap((service) =>
        checksOfService(state, service.node, service.id),
      ),
      [topics.node("a")]: [getNode(state, "a"), servicesOfNode(state, "a")],
      [topics.nodeChecks("a")]: checksOfNode(state, "a"),
      [topics.nodes]: listNodes(state),
      [topics.services]: listInstances(state).map(({ name, tags }) => [name, tags]),
      [topics.checks]: checksInStatus(state, "any"),
      [topics.checksInStatus("critical")]: checksInStatus(state, "critical"),
      [topics.key("a/b")]: getKv(state, "a/b"),
    });
    fc.assert(
      fc.property(commands, (all) => {
        const driver = new StateDriver();
        for (const each of all) {
          const before = told(driver.state);
          const { touched } = driver.run(each);
          for (const [topic, tells] of Object.entries(told(driver.state))) {
            if (!touched.has(topic)) expect(tells).toEqual(before[topic]);
          }
        }
      }),
    );
  });

  test("no service or check is without its node, and no service's check without its service", () => {
    fc.assert(
      fc.property(commands, (all) => {
        const driver = new StateDriver();
        for (const each of all) driver.run(each);
        const { state } = driver;
        for (const service of state.services.values()) expect(getNode(state, service.node)).toBeDefined();
        for (const row of state.checks.values()) {
          expect(getNode(state, row.node)).toBeDefined();
          if (row.serviceId !== "") expect(getService(state, row.node, row.serviceId)).toBeDefined();
        }
        expect(state.serviceInstances.size).toBe(state.services.size);
        expect(state.serviceChecks.size).toBe(state.checks.size);
      }),
    );
  });

  test("the rows written build the same state again, and no topic's index is lower for it", () => {
    fc.assert(
      fc.property(commands, (all) => {
        const driver = new StateDriver();
        for (const each of all) driver.run(each);
        const { state } = openState([...driver.rows.values()], driver.state.index);
        expect(plain(state)).toEqual(plain(driver.state));
        for (const topic of watched) {
          expect(topicIndex(state, topic)).toBeGreaterThanOrEqual(topicIndex(driver.state, topic));
          expect(topicIndex(state, topic)).toBeLessThanOrEqual(Math.max(1, state.index));
        }
      }),
    );
  });

  test("the same commands give the same state, and the states before stay as they were", () => {
    fc.assert(
      fc.property(commands, (all) => {
        const first = new StateDriver();
        const second = new StateDriver();
        for (const each of all) {
          const before = first.state;
          const shown = plain(before);
          first.run(each);
          second.run(each);
          expect(plain(before)).toEqual(shown);
        }
        expect(plain(second.state)).toEqual(plain(first.state));
        expect([...second.rows.keys()]).toEqual([...first.rows.keys()]);
      }),
    );
  });
});

test("local rows have no index and no topic", () => {
  const driver = new StateDriver();
  const command: Command = { type: "set-local", rows: [{ key: "x", value: new Uint8Array([1]) }] };
  const applied = apply(driver.state, command, { index: 1, nowMs: 0 });
  expect(applied.state).toBe(driver.state);
  expect(applied.touched.size).toBe(0);
  expect(applied.changes).toHaveLength(1);
});

/** The tables' contents, without the indexes of topics, whose own comparison is by topic. */
function plain(state: State): Record<string, unknown> {
  const { index, nodes, services, checks, kv, serviceInstances, serviceChecks, nodeNames } = state;
  const tables = { nodes, services, checks, kv, serviceInstances, serviceChecks, nodeNames };
  return { index, ...Object.fromEntries(Object.entries(tables).map(([table, map]) => [table, [...map.entries()]])) };
}
