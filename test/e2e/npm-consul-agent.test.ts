import { expect, onTestFinished, test } from "bun:test";
import { differs, unique } from "../support/conformance.ts";
import { npmConsul, refusalOf } from "../support/npm-consul.ts";
import { within } from "../support/within.ts";

const consul = await npmConsul();
const { agent } = consul;
/** Time limit for a change to reach the catalog, in milliseconds. Consul's agent updates the catalog with a delay. */
const soonMs = 5_000;

async function register(name: string, more: object = {}): Promise<void> {
  onTestFinished(async () => void (await agent.service.deregister(name)));
  expect(await agent.service.register({ name, ...more })).toBeUndefined();
}

async function registerCheck(name: string, more: object = {}): Promise<void> {
  onTestFinished(async () => void (await agent.check.deregister(name)));
  expect(await agent.check.register({ name, ttl: "1h", timeout: "1s", ...more })).toBeUndefined();
}

async function statusOf(check: string): Promise<string | undefined> {
  return (await agent.check.list())[check]?.Status;
}

test("agent.members lists this one server, on the LAN and the WAN", async () => {
  const [member, ...others] = await agent.members();
  expect(others).toEqual([]);
  expect(member).toMatchObject({ Name: "node1", Addr: "127.0.0.1", Status: 1 });
  expect(member.Tags).toMatchObject({ role: "consul", dc: "dc1", bootstrap: "1" });
  expect(await agent.members({ wan: true })).toMatchObject([{ Name: "node1.dc1", Status: 1 }]);
});

test("agent.self returns the node, the datacenter and that this agent is a server", async () => {
  const { Config, Member } = await agent.self();
  expect(Config).toMatchObject({ Datacenter: "dc1", NodeName: "node1", Server: true });
  expect(Member).toMatchObject({ Name: "node1", Status: 1 });
});

test("agent.reload succeeds and returns no body", async () => {
  expect(await agent.reload()).toBeUndefined();
});

test("agent.maintenance starts the maintenance of the node with a reason, and ends it", async () => {
  onTestFinished(async () => void (await agent.maintenance(false)));
  expect(await agent.maintenance({ enable: true, reason: "new disk" })).toBeUndefined();
  expect((await agent.checks())["_node_maintenance"]).toMatchObject({ Status: "critical", Notes: "new disk" });
  await agent.maintenance(false);
  expect(await agent.checks()).not.toHaveProperty("_node_maintenance");
});

test("agent.join with an unreachable address fails with an error that names the address", async () => {
  const alone = differs("praetor", "it stands alone: it tries nobody");
  const reason = alone
    ? "this server stands alone. Start it without -bootstrap, and with -retry-join"
    : "dial tcp 127.0.0.1:1: connect: connection refused";
  expect(await refusalOf(agent.join("127.0.0.1:1"))).toEqual({
    status: 500,
    body: `1 error occurred:\n\t* Failed to join 127.0.0.1: ${reason}\n\n`,
  });
});

test("agent.forceLeave of an unknown node is refused", async () => {
  expect(await refusalOf(agent.forceLeave("nobody"))).toEqual({
    status: 500,
    body: "agent: No node found with name 'nobody'",
  });
});

test("a service is registered with all its fields and is listed with them", async () => {
  const name = unique("npm-service");
  await register(name, {
    id: name,
    tags: ["v1", "blue"],
    address: "192.0.2.7",
    port: 8080,
    meta: { version: "4" },
    taggedaddresses: { lan: { address: "192.0.2.8", port: 1 }, wan: { address: "198.51.100.1", port: 2 } },
  });
  expect((await agent.services())[name]).toEqual({
    ID: name,
    Service: name,
    Tags: ["v1", "blue"],
    Meta: { version: "4" },
    Port: 8080,
    Address: "192.0.2.7",
    TaggedAddresses: {
      lan: { Address: "192.0.2.8", Port: 1 },
      lan_ipv4: { Address: "192.0.2.7", Port: 8080 },
      wan: { Address: "198.51.100.1", Port: 2 },
      wan_ipv4: { Address: "192.0.2.7", Port: 8080 },
    },
    Weights: { Passing: 1, Warning: 1 },
    EnableTagOverride: false,
  });
});

test("a service that is registered by its name alone is deregistered by its name", async () => {
  const name = unique("npm-service");
  expect(await agent.service.register(name)).toBeUndefined();
  expect((await agent.service.list())[name]).toMatchObject({ ID: name, Service: name, Tags: [], Port: 0 });
  expect(await agent.service.deregister(name)).toBeUndefined();
  expect(await agent.service.list()).not.toHaveProperty(name);
});

test("agent.service.list with a filter returns only the services that match", async () => {
  const [name, other] = [unique("npm-service"), unique("npm-service")];
  await register(name, { port: 4711 });
  await register(other, { port: 4712 });
  expect(Object.keys(await agent.service.list({ filter: "Port == 4711" }))).toEqual([name]);
});

test("a service is registered with checks of every kind that the package can write", async () => {
  const name = unique("npm-service");
  await register(name, {
    checks: [
      { name: "by time", checkid: `${name}-ttl`, ttl: "1h", status: "passing", notes: "told" },
      { name: "by http", checkid: `${name}-http`, http: "http://127.0.0.1:1/", interval: "1h", timeout: "1s" },
      { name: "by tcp", checkid: `${name}-tcp`, tcp: "127.0.0.1:1", interval: "1h", status: "warning" },
      {
        name: "by script",
        checkid: `${name}-script`,
        args: ["true"],
        interval: "1h",
        deregistercriticalserviceafter: "9h",
      },
      { name: "by grpc", checkid: `${name}-grpc`, grpc: "127.0.0.1:1/health", interval: "1h" },
      { name: "by another", checkid: `${name}-alias`, aliasservice: "nobody" },
    ],
  });
  const checks = await agent.check.list({ filter: `ServiceName == "${name}"` });
  const kinds = Object.values(checks).map(({ CheckID, Name, Type }) => [CheckID.slice(name.length + 1), Name, Type]);
  expect(kinds.toSorted(([one = ""], [other = ""]) => one.localeCompare(other))).toEqual([
    ["alias", "by another", "alias"],
    ["grpc", "by grpc", "grpc"],
    ["http", "by http", "http"],
    ["script", "by script", "script"],
    ["tcp", "by tcp", "tcp"],
    ["ttl", "by time", "ttl"],
  ]);
  expect(checks[`${name}-ttl`]).toMatchObject({ Status: "passing", Notes: "told", ServiceID: name });
});

test("agent.service.maintenance makes a service critical until the maintenance ends", async () => {
  const name = unique("npm-service");
  await register(name);
  await within(soonMs, async () =>
    expect(await consul.health.service({ service: name, passing: true })).toHaveLength(1),
  );
  expect(await agent.service.maintenance({ id: name, enable: true, reason: "cleaning" })).toBeUndefined();
  expect((await agent.checks())[`_service_maintenance:${name}`]).toMatchObject({
    Status: "critical",
    Notes: "cleaning",
    ServiceID: name,
  });
  await within(soonMs, async () => expect(await consul.health.service({ service: name, passing: true })).toEqual([]));
  await agent.service.maintenance({ id: name, enable: false });
  await within(soonMs, async () =>
    expect(await consul.health.service({ service: name, passing: true })).toHaveLength(1),
  );
});

test("maintenance of an unknown service is refused", async () => {
  expect(await refusalOf(agent.service.maintenance({ id: "nobody", enable: true }))).toEqual({
    status: 404,
    body: 'No service registered with ID "nobody"',
  });
});

test("a TTL check is set to passing, warning and critical with a note", async () => {
  const name = unique("npm-check");
  await registerCheck(name, { notes: "about it" });
  expect((await agent.check.list())[name]).toMatchObject({ Node: "node1", Status: "critical", Notes: "about it" });
  expect(await agent.check.pass({ id: name, note: "all well" })).toBeUndefined();
  expect((await agent.checks())[name]).toMatchObject({ Status: "passing", Output: "all well", Type: "ttl" });
  await agent.check.warn({ id: name, note: "so so" });
  expect((await agent.checks())[name]).toMatchObject({ Status: "warning", Output: "so so" });
  await agent.check.fail(name);
  expect(await statusOf(name)).toBe("critical");
});

test("a deregistered check is not in the list, and an update of the check is refused", async () => {
  const name = unique("npm-check");
  await registerCheck(name, { status: "passing" });
  expect(await agent.check.deregister(name)).toBeUndefined();
  expect(await statusOf(name)).toBeUndefined();
  expect(await refusalOf(agent.check.pass(name))).toEqual({
    status: 500,
    body: `CheckID "${name}" does not have associated TTL`,
  });
});

test("a check without a method is refused by the package, and a check with an invalid status by the agent", async () => {
  expect(await agent.check.register({ name: "none", timeout: "1s" }).catch(String)).toContain("ttl, or alias");
  expect(await refusalOf(agent.check.register({ name: "wrong", ttl: "1h", timeout: "1s", status: "fine" }))).toEqual({
    status: 400,
    body: "Bad check status",
  });
});
