import { expect, onTestFinished, test } from "bun:test";
import { unique } from "../support/conformance.ts";
import { npmConsul, refusalOf } from "../support/npm-consul.ts";
import { within } from "../support/within.ts";

const consul = await npmConsul();
const { catalog, health } = consul;

interface Registration {
  readonly node?: string;
  readonly id?: string;
  readonly nodemeta?: Record<string, string>;
  readonly service?: {
    service: string;
    id: string;
    tags: string[];
    port: number;
    address: string;
    meta: Record<string, string>;
  };
  readonly check?: { name: string; checkid: string; notes: string; serviceid: string; status: "passing" | "critical" };
}

/** Registers a node in the catalog without an agent; the node is removed after the test. */
async function register(more: Registration = {}): Promise<string> {
  const node = more.node ?? unique("npm-node");
  onTestFinished(async () => void (await catalog.deregister(node)));
  expect(await catalog.register({ address: "192.0.2.1", ...more, node })).toBeUndefined();
  return node;
}

/** Registers two nodes with an instance of the service each; the first instance is passing, the second critical. */
async function registerTwo(service: string): Promise<readonly [passing: string, critical: string]> {
  const instance = (status: "passing" | "critical", tag: string): Registration => ({
    node: `${service}-${tag}`,
    service: { id: service, service, tags: [tag], port: 80, address: "192.0.2.9", meta: { tag } },
    check: { name: "alive", checkid: `${service}-alive`, serviceid: service, status, notes: "looked at" },
  });
  return [await register(instance("passing", "blue")), await register(instance("critical", "green"))];
}

test("the list of datacenters has one datacenter", async () => {
  expect(await catalog.datacenters()).toEqual(["dc1"]);
});

test("a node is registered with its address and meta, and is listed", async () => {
  const node = await register({
    id: "40e4a748-2192-161a-0510-9bf59fe950b5",
    nodemeta: { rack: "7" },
  });
  const found = await catalog.node.list({ filter: `Node == "${node}"` });
  expect(found).toEqual([
    {
      ID: "40e4a748-2192-161a-0510-9bf59fe950b5",
      Node: node,
      Address: "192.0.2.1",
      Datacenter: "dc1",
      TaggedAddresses: null,
      Meta: { rack: "7" },
      CreateIndex: expect.any(Number),
      ModifyIndex: expect.any(Number),
    },
  ]);
});

test("nodes are listed for a datacenter, and an unknown datacenter is an error", async () => {
  const names = (nodes: readonly { Node: string }[]): string[] => nodes.map(({ Node }) => Node);
  expect(names(await catalog.node.list())).toContain("node1");
  expect(names(await catalog.nodes("dc1"))).toContain("node1");
  expect(await refusalOf(catalog.node.list("nowhere"))).toEqual({ status: 500, body: "No path to datacenter" });
});

test("catalog.node.services returns a node with its services, and undefined for an unknown node", async () => {
  const service = unique("npm-web");
  const [node] = await registerTwo(service);
  const found = await catalog.node.services(node);
  expect(found.Node).toMatchObject({ Node: node, Address: "192.0.2.1" });
  expect(found.Services).toMatchObject({ [service]: { ID: service, Service: service, Tags: ["blue"], Port: 80 } });
  expect(await catalog.node.services("nobody")).toBeFalsy();
});

test("services are listed with the tags of all their instances", async () => {
  const service = unique("npm-web");
  await registerTwo(service);
  const services = await catalog.service.list();
  expect(services["consul"]).toEqual([]);
  expect(services[service]?.toSorted()).toEqual(["blue", "green"]);
  expect(await catalog.services("dc1")).toHaveProperty(service);
});

test("catalog.service.nodes lists all instances of a service, or those that match a tag or a filter", async () => {
  const service = unique("npm-web");
  const [passing, critical] = await registerTwo(service);
  const all = await catalog.service.nodes(service);
  expect(all.map(({ Node }) => Node)).toEqual([passing, critical]);
  expect(all[0]).toMatchObject({
    ServiceID: service,
    ServiceName: service,
    ServicePort: 80,
    ServiceAddress: "192.0.2.9",
  });
  expect(await catalog.service.nodes({ service, tag: "green" })).toMatchObject([{ Node: critical }]);
  expect(await catalog.service.nodes({ service, filter: "ServiceMeta.tag == blue" })).toMatchObject([
    { Node: passing },
  ]);
  expect(await catalog.service.nodes("nobody")).toEqual([]);
});

test("catalog.connect.nodes lists a Connect-native service", async () => {
  const service = unique("npm-native");
  onTestFinished(async () => void (await consul.agent.service.deregister(service)));
  await consul.agent.service.register({ name: service, connect: { native: true } as never });
  await within(5_000, async () =>
    expect(await catalog.connect.nodes(service)).toMatchObject([
      { ServiceID: service, ServiceConnect: { Native: true } },
    ]),
  );
  expect(await catalog.connect.nodes("nobody")).toEqual([]);
});

test("catalog.deregister removes a check, a service and a node", async () => {
  const service = unique("npm-web");
  const [node] = await registerTwo(service);
  expect(await catalog.deregister({ node, checkid: `${service}-alive` })).toBeUndefined();
  expect(await health.node(node)).toEqual([]);
  await catalog.deregister({ node, serviceid: service });
  expect((await catalog.node.services(node)).Services).toEqual({});
  await catalog.deregister(node);
  expect(await catalog.node.services(node)).toBeFalsy();
});

test("the registration of a check for a service that the node lacks is refused with a reason", async () => {
  const node = await register();
  const check = { name: "alive", serviceid: "nothing" };
  expect(await refusalOf(catalog.register({ node, address: "192.0.2.1", check }))).toEqual({
    status: 500,
    body: `failed inserting check: Missing service registration on node "${node}"`,
  });
});

test("health.node returns the checks of a node", async () => {
  expect(await health.node("node1")).toMatchObject([{ CheckID: "serfHealth", Status: "passing" }]);
  const service = unique("npm-web");
  const [, critical] = await registerTwo(service);
  expect(await health.node(critical)).toMatchObject([
    { Node: critical, CheckID: `${service}-alive`, Status: "critical", ServiceID: service, Notes: "looked at" },
  ]);
});

test("health.checks returns the checks of a service on all nodes", async () => {
  const service = unique("npm-web");
  const [passing, critical] = await registerTwo(service);
  expect(await health.checks(service)).toMatchObject([
    { Node: passing, Name: "alive", Status: "passing", ServiceTags: ["blue"] },
    { Node: critical, Name: "alive", Status: "critical", ServiceTags: ["green"] },
  ]);
});

test("health.service returns instances with node and checks, and with `passing` only those whose checks all pass", async () => {
  const service = unique("npm-web");
  const [passing, critical] = await registerTwo(service);
  const nodes = (instances: readonly { Node: { Node: string } }[]): string[] => instances.map(({ Node }) => Node.Node);
  const all = await health.service(service);
  expect(nodes(all)).toEqual([passing, critical]);
  expect(all[1]).toMatchObject({ Service: { Service: service, Port: 80 }, Checks: [{ Status: "critical" }] });
  expect(nodes(await health.service({ service, passing: true }))).toEqual([passing]);
  expect(nodes(await health.service({ service, tag: "green" }))).toEqual([critical]);
});

test("health.state lists the checks with a given status", async () => {
  const service = unique("npm-web");
  const [passing, critical] = await registerTwo(service);
  const nodesIn = async (state: "any" | "passing" | "warning" | "critical"): Promise<string[]> => {
    const checks = await health.state({ state, filter: `ServiceName == "${service}"` });
    return checks.map(({ Node }) => Node);
  };
  expect(await nodesIn("any")).toEqual([passing, critical]);
  expect(await nodesIn("passing")).toEqual([passing]);
  expect(await nodesIn("critical")).toEqual([critical]);
  expect(await nodesIn("warning")).toEqual([]);
  expect((await health.state("passing")).map(({ CheckID }) => CheckID)).toContain("serfHealth");
});

test("status returns the leader and its peers", async () => {
  const leader = await consul.status.leader();
  expect(leader).toMatch(/^127\.0\.0\.1:\d+$/);
  expect(await consul.status.peers()).toEqual([leader]);
});
