import { afterAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import type { Link } from "../../src/link/link.ts";
import { type AgentProcess, openSandbox } from "../support/agent-process.ts";
import { freePorts } from "../support/free-ports.ts";
import { linkAgent } from "../support/linked-agent.ts";
import { promptly } from "../support/promptly.ts";
import { rejectionOf } from "../support/rejection.ts";
import { within } from "../support/within.ts";

const sandbox = openSandbox();
const links: Link[] = [];
afterAll(() => {
  for (const link of links) link.close();
  return sandbox.close();
});

const key = Buffer.alloc(32, 7).toString("base64");
const otherKey = Buffer.alloc(32, 8).toString("base64");

interface Server {
  readonly agent: AgentProcess;
  readonly port: number;
  /** Connects as the client agent with this number, and joins. */
  link(number: number): Promise<Link>;
}

async function start(folder: string, port: number, ...words: readonly string[]): Promise<Server> {
  const flags = ["-data-dir", join(sandbox.folder, folder), "-server-port", String(port), ...words];
  const agent = await sandbox.start(...flags);
  await agent.ready();
  const encrypt = words[words.indexOf("-encrypt") + 1];
  return {
    agent,
    port,
    async link(number) {
      const link = await linkAgent(number, { port, ...(words.includes("-encrypt") && { key: encrypt ?? "" }) });
      links.push(link);
      return link;
    },
  };
}

async function startOnFreePort(folder: string, ...words: readonly string[]): Promise<Server> {
  const [port = 0] = await freePorts(1);
  return start(folder, port, ...words);
}

const statusNames = ["none", "alive", "leaving", "left", "failed"];

/** Returns the name and status of each member but the server, sorted. */
async function members({ agent }: Server): Promise<readonly string[]> {
  const { json } = await agent.send("GET", "/v1/agent/members");
  const all = json as readonly { readonly Name: string; readonly Status: number }[];
  const shown = all.map(({ Name, Status }) => `${Name} ${statusNames[Status]}`);
  expect(shown).toContain("node1 alive");
  return shown.filter((line) => line !== "node1 alive").toSorted();
}

/** Returns the status of the check serfHealth of a node; undefined if the catalog does not have the node. */
async function serfHealth({ agent }: Server, node: string): Promise<string | undefined> {
  const { json } = await agent.send("GET", `/v1/health/node/${node}`);
  const checks = json as readonly { readonly CheckID: string; readonly Status: string }[];
  return checks.find(({ CheckID }) => CheckID === "serfHealth")?.Status;
}

async function eventually(server: Server, wanted: readonly string[]): Promise<void> {
  await within(15_000, async () => expect(await members(server)).toEqual([...wanted]));
}

for (const [name, words] of [
  ["with a cluster key", ["-encrypt", key]],
  ["without a cluster key, on one machine", []],
] as const)
  test(`a client agent ${name} joins, fails when its connection ends, comes back, and leaves`, async () => {
    const server = await startOnFreePort(name, ...words);
    const first = await server.link(4);
    expect([await members(server), await serfHealth(server, "n4")]).toEqual([["n4 alive"], "passing"]);
    first.close();
    await eventually(server, ["n4 failed"]);
    expect(await serfHealth(server, "n4")).toBe("critical");
    const second = await server.link(4);
    expect([await members(server), await serfHealth(server, "n4")]).toEqual([["n4 alive"], "passing"]);
    await second.call({ kind: "leave", head: null });
    expect([await members(server), await serfHealth(server, "n4")]).toEqual([["n4 left"], undefined]);
    expect(server.agent.output()).not.toContain(key);
  });

test("a client agent's sessions and locks end when it fails, in the same change as its health", async () => {
  const server = await startOnFreePort("sessions");
  const link = await server.link(4);
  const { agent } = server;
  const created = await agent.send("PUT", "/v1/session/create", { body: '{"Node": "n4", "LockDelay": "0s"}' });
  const { ID } = created.json as { readonly ID: string };
  expect((await agent.send("PUT", `/v1/kv/lock?acquire=${ID}`, { body: "x" })).text).toBe("true");
  const { index } = await agent.send("GET", "/v1/health/node/n4");
  const changed = promptly(agent.send("GET", `/v1/health/node/n4?index=${index}&wait=10m`));
  link.close();
  expect((await changed).text).toContain('"Status":"critical"');
  expect((await agent.send("GET", "/v1/kv/lock")).text).not.toContain(ID);
  expect((await agent.send("GET", `/v1/session/info/${ID}`)).text).toBe("[]");
});

describe("a server that was killed and starts again", () => {
  test("has the members of before; those who do not come back fail, and nothing is written for the others", async () => {
    const server = await startOnFreePort("killed");
    await Promise.all([1, 2, 3, 4, 5, 6].map((number) => server.link(number)));
    server.agent.signal("SIGKILL");
    await server.agent.ended();
    const again = await start("killed", server.port);
    await Promise.all([1, 2, 3, 4].map((number) => again.link(number)));
    const alive = [1, 2, 3, 4].map((number) => `n${number} alive`);
    await eventually(again, [...alive, "n5 failed", "n6 failed"]);
    const indexes = await Promise.all(
      [1, 2, 3, 4].map(async (number) => {
        const { json } = await again.agent.send("GET", `/v1/health/node/n${number}`);
        const [check] = json as readonly { readonly CreateIndex: number; readonly ModifyIndex: number }[];
        return check?.ModifyIndex === check?.CreateIndex;
      }),
    );
    expect(indexes).toEqual([true, true, true, true]);
    expect(again.agent.output()).not.toMatch(/member failed.*n[1-4]/);
  });
});

test("a server whose process was stopped counts no client agent as failed that connects again", async () => {
  const server = await startOnFreePort("stopped");
  const link = await server.link(4);
  server.agent.signal("SIGSTOP");
  expect(await link.lost).toBe("the other agent was silent");
  const again = server.link(4);
  server.agent.signal("SIGCONT");
  await again;
  expect(await members(server)).toEqual(["n4 alive"]);
  expect(server.agent.output()).not.toContain("member failed");
});

test("a restored snapshot does not bring back a client agent that has left, and a linked one keeps its node", async () => {
  const server = await startOnFreePort("restored");
  const { agent } = server;
  const leaving = await server.link(4);
  const { bytes: snapshot } = await agent.send("GET", "/v1/snapshot");
  await server.link(5);
  await leaving.call({ kind: "leave", head: null });
  expect((await agent.send("PUT", "/v1/snapshot", { body: snapshot })).status).toBe(200);
  expect(await members(server)).toEqual(["n4 left", "n5 alive"]);
  expect([await serfHealth(server, "n4"), await serfHealth(server, "n5")]).toEqual([undefined, "passing"]);
});

test("force-leave takes a failed client agent out of the catalog, with -prune off the list, and shows a linked one as leaving", async () => {
  const server = await startOnFreePort("forced");
  for (const number of [4, 5]) (await server.link(number)).close();
  await server.link(6);
  await eventually(server, ["n4 failed", "n5 failed", "n6 alive"]);
  const at = `-http-addr=${server.agent.url}`;
  const run = async (...words: readonly string[]): Promise<string> => (await sandbox.run(...words)).output;
  expect(await run("force-leave", at, "n4")).toBe("");
  expect(await run("force-leave", at, "-prune", "n5")).toBe("");
  expect(await run("force-leave", at, "n6")).toBe("");
  expect(await run("force-leave", at, "nosuch")).toContain("agent: No node found with name 'nosuch'");
  expect(await members(server)).toEqual(["n4 left", "n6 leaving"]);
  expect(await serfHealth(server, "n4")).toBeUndefined();
  const listed = (await run("members", at)).split("\n").map((line) => line.split(/ {2,}/).slice(2, 4));
  expect(listed.slice(0, 4)).toEqual([
    ["Status", "Type"],
    ["left", "client"],
    ["leaving", "client"],
    ["alive", "server"],
  ]);
  const wan = (await server.agent.send("GET", "/v1/agent/members?wan=1")).json as readonly { readonly Name: string }[];
  expect(wan.map(({ Name }) => Name)).toEqual(["node1.dc1"]);
});

describe("a client agent that may not join is refused, and both sides say why, when", () => {
  const refusals = [
    ["its key differs", { server: ["-encrypt", key], key: otherKey }, "the -encrypt keys of the two agents differ"],
    ["it has no key", { server: ["-encrypt", key] }, "the other agent may have no -encrypt key"],
    ["only it has a key", { server: [], key }, "the other agent has an -encrypt key, and this one has none"],
    ["it is of another datacenter", { server: [], changes: { datacenter: "dc2" } }, "part of wrong datacenter"],
    ["it has the server's name", { server: [], changes: { name: "node1" } }, "Node name node1 is reserved by node"],
  ] as const;
  test.each(refusals)("%s", async (name, { server: words, ...agent }, said) => {
    const server = await startOnFreePort(name, ...words);
    const refused = await rejectionOf(linkAgent(4, { port: server.port, ...agent }));
    await within(1_000, async () => expect(server.agent.output()).toMatch(new RegExp(`\\[WARN\\].*${said}`)));
    if (!said.startsWith("the other agent")) expect(refused.message).toContain(said);
    expect(await members(server)).toEqual([]);
  });
});

test("a server whose port another program has starts, and warns that no client agent can join", async () => {
  const first = await startOnFreePort("first");
  const second = await start("second", first.port);
  expect(second.agent.output()).toMatch(
    /\[WARN\].*no client agent can join this server: .* another program listens there/,
  );
  expect((await second.agent.send("PUT", "/v1/kv/a", { body: "x" })).text).toBe("true");
});
