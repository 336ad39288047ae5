import { afterAll, beforeAll, expect, test } from "bun:test";
import Consul from "consul";
import { ServerWithClients } from "../support/client-agents.ts";
import { refusalOf } from "../support/npm-consul.ts";
import { within } from "../support/within.ts";

/* Three agents, of which two are client agents: the cluster of the acceptance tests of the npm package `consul`. */

const soonMs = 5_000;
const hosts = ["127.0.0.1", "127.0.0.2", "127.0.0.3"] as const;
let all: ServerWithClients;
let server: Consul;
let second: Consul;
let third: Consul;

beforeAll(async () => {
  all = await ServerWithClients.start();
  for (const host of hosts.slice(1)) await all.startClient(host);
  [server, second, third] = hosts.map((host) => new Consul({ host, port: all.ports.http })) as [Consul, Consul, Consul];
});
afterAll(async () => {
  for (const consul of [server, second, third]) consul.destroy();
  await all.close();
});

async function membersOf(consul: Consul): Promise<readonly string[]> {
  return (await consul.agent.members()).map(({ Name }) => Name).toSorted((a, b) => a.localeCompare(b));
}

test("agent.join lets client agents join, and agent.members lists all of them on each agent", async () => {
  expect(await membersOf(server)).toEqual(["server"]);
  for (const client of [second, third]) expect(await client.agent.join("127.0.0.1")).toBeUndefined();
  for (const consul of [server, second, third])
    await within(soonMs, async () => expect(await membersOf(consul)).toEqual(["client-2", "client-3", "server"]));
});

test("agent.self of a client agent says that it is no server", async () => {
  const { Config, Member } = await second.agent.self();
  expect(Config).toMatchObject({ NodeName: "client-2", Server: false });
  expect(Member).toMatchObject({ Name: "client-2", Addr: "127.0.0.2", Status: 1 });
});

test("keys, sessions and locks are the same on all agents", async () => {
  expect(await second.kv.set("shared", "value")).toBe(true);
  await within(soonMs, async () => expect(await third.kv.get("shared")).toMatchObject({ Value: "value" }));
  const { ID } = await second.session.create({ name: "held" });
  expect(await third.session.get(ID)).toMatchObject({ ID, Node: "client-2" });
  expect(await third.kv.set({ key: "lock", value: "x", acquire: ID })).toBe(true);
  expect(await server.session.destroy(ID)).toBeUndefined();
});

test("a service of a client agent is found on the others, and with its health", async () => {
  const more: object = { port: 80, check: { ttl: "1h", status: "passing" } };
  await second.agent.service.register({ name: "shown", ...more });
  for (const consul of [server, third])
    await within(soonMs, async () =>
      expect(await consul.health.service({ service: "shown", passing: true })).toMatchObject([
        { Node: { Node: "client-2" }, Service: { Port: 80 } },
      ]),
    );
  expect(await third.agent.service.list()).toEqual({});
});

test("an event reaches the other agents", async () => {
  await second.event.fire({ name: "shared", payload: "x" });
  for (const consul of [server, third])
    await within(soonMs, async () => expect(await consul.event.list("shared")).toMatchObject([{ Name: "shared" }]));
});

test("agent.forceLeave of an unknown node is refused on a client agent, too", async () => {
  expect(await refusalOf(second.agent.forceLeave("nobody"))).toEqual({
    status: 500,
    body: "agent: No node found with name 'nobody'",
  });
});
