import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { Answer } from "dns-packet";
import type { AgentProcess } from "../support/agent-process.ts";
import { ServerWithClients } from "../support/client-agents.ts";
import { askDns } from "../support/dns-exchange.ts";
import { freePorts } from "../support/free-ports.ts";
import { startUpstream } from "../support/upstream.ts";
import { promptly } from "../support/promptly.ts";
import { within } from "../support/within.ts";

const soonMs = 5_000;

let all: ServerWithClients;
let client: AgentProcess;
beforeAll(async () => {
  all = await ServerWithClients.start();
  client = await all.joinClient("127.0.0.2");
});
afterAll(() => all.close());

async function register(agent: AgentProcess, definition: object): Promise<void> {
  expect((await agent.send("PUT", "/v1/agent/service/register", { body: definition })).status).toBe(200);
}

/**
 * Registers a service with a client agent that has only just joined, and waits until the server's catalog has it: the agent answers
 * when the registration is durable in its own folder.
 */
async function registerInCatalog(
  agent: AgentProcess,
  { Name, Port }: { readonly Name: string; readonly Port: number },
) {
  await register(agent, { Name, Port });
  await within(soonMs, async () =>
    expect(await rows(all.server, `/v1/catalog/service/${Name}`)).toMatchObject([{ ServicePort: Port }]),
  );
}

interface Row {
  readonly Node: string;
  readonly ServiceID: string;
  readonly CheckID: string;
  readonly Status: string;
  readonly Output: string;
}

async function rows(agent: AgentProcess, path: string): Promise<Row[]> {
  const { json } = await agent.send("GET", path);
  return json as Row[];
}

/** Returns the statuses of a service's checks in the catalog, as the server has them. */
async function statuses(service: string): Promise<string[]> {
  return (await rows(all.server, `/v1/health/checks/${service}`)).map(({ Status }) => Status);
}

describe("a service of a client agent", () => {
  test("is in the catalog on the client agent's node, with its checks, when the registration is answered", async () => {
    await register(client, {
      ...{ Name: "web", Port: 80, Tags: ["a"], Meta: { b: "c" } },
      Check: { TTL: "1h", Status: "passing" },
    });
    expect(await rows(all.server, "/v1/catalog/service/web")).toMatchObject([
      { Node: "client-2", ServiceID: "web", ServiceTags: ["a"], ServiceMeta: { b: "c" }, ServicePort: 80 },
    ] as object[]);
    expect(await rows(all.server, "/v1/health/checks/web")).toMatchObject([{ Node: "client-2", Status: "passing" }]);
    expect((await client.send("GET", "/v1/agent/services")).text).toContain('"web"');
    expect((await all.server.send("GET", "/v1/agent/services")).text).not.toContain('"web"');
  });

  test("shows the status and the newest output of its check on the server", async () => {
    await register(client, { Name: "told", Check: { TTL: "1h" } });
    await client.send("PUT", "/v1/agent/check/pass/service:told?note=all%20well");
    expect(await statuses("told")).toEqual(["passing"]);
    await within(soonMs, async () =>
      expect(await rows(all.server, "/v1/health/checks/told")).toMatchObject([{ Output: "all well" }]),
    );
    await client.send("PUT", "/v1/agent/check/pass/service:told?note=still%20well");
    await within(soonMs, async () =>
      expect(await rows(all.server, "/v1/health/checks/told")).toMatchObject([{ Output: "still well" }]),
    );
  });

  test("leaves the catalog when it is deregistered", async () => {
    await register(client, { Name: "short" });
    await client.send("PUT", "/v1/agent/service/deregister/short");
    expect(await rows(all.server, "/v1/catalog/service/short")).toEqual([]);
  });

  test("is not written again by anti-entropy when the catalog has it already", async () => {
    await register(client, {
      ...{ Name: "rich", Address: "192.0.2.1", Port: 1, EnableTagOverride: true, Weights: { Passing: 2, Warning: 3 } },
      TaggedAddresses: { lan: { Address: "192.0.2.2", Port: 2 } },
      Checks: [{ TTL: "1h" }, { Args: ["true"], Interval: "1h" }, { AliasNode: "server" }],
      Proxy: { Config: { a: 1.5, b: [null, true, "c"] } },
    });
    await register(client, { Name: "lost" });
    const before = (await all.server.send("GET", "/v1/catalog/service/rich")).text;
    await all.server.send("PUT", "/v1/catalog/deregister", { body: { Node: "client-2", ServiceID: "lost" } });
    expect((await client.send("PUT", "/v1/agent/join/127.0.0.1")).status).toBe(200);
    // The agent brings the catalog in step when it has joined.
    await within(soonMs, async () => expect(await rows(all.server, "/v1/catalog/service/lost")).toHaveLength(1));
    expect((await all.server.send("GET", "/v1/catalog/service/rich")).text).toBe(before);
  });
});

describe("a client agent that is killed and started again", () => {
  test("has its services without -retry-join, and its checks keep their statuses", async () => {
    const killed = await all.joinClient("127.0.0.4");
    await register(killed, { Name: "kept", Check: { Args: ["true"], Interval: "1h", Status: "passing" } });
    await register(killed, { Name: "gone" });
    await killed.send("PUT", "/v1/agent/service/deregister/gone");
    await all.end(killed);
    const started = await all.startClient("127.0.0.4");
    expect(Object.keys((await started.send("GET", "/v1/agent/services")).json as object)).toEqual(["kept"]);
    await within(soonMs, async () =>
      expect((await started.send("GET", "/v1/catalog/service/kept")).text).toContain('"client-4"'),
    );
    expect(await statuses("kept")).toEqual(["passing"]);
  });
});

describe("requests through a client agent", () => {
  test("write and read keys as on the server", async () => {
    expect(await client.send("PUT", "/v1/kv/a%2Fb%20c?flags=7", { body: "value" })).toMatchObject({
      status: 200,
      text: "true",
    });
    for (const path of [
      "/v1/kv/a%2Fb%20c",
      "/v1/kv/?keys",
      "/v1/kv/a/?recurse&pretty",
      "/v1/kv/none",
      "/v1/none",
      "/v1",
    ]) {
      const [here, there] = await Promise.all([client.send("GET", path), all.server.send("GET", path)]);
      expect({ path, status: here.status, text: here.text }).toEqual({ path, status: there.status, text: there.text });
      const names = (answer: typeof here): string[] => answer.headers.map(([name]) => name).toSorted();
      expect({ path, names: names(here) }).toEqual({ path, names: names(there) });
    }
  });

  test("carry values, lists and chunked bodies of hundreds of KiB unchanged", async () => {
    const value = randomBytes(400_000);
    for (const key of ["one", "two", "three"]) await client.send("PUT", `/v1/kv/long/${key}`, { body: value });
    await client.send("PUT", "/v1/kv/long/chunked", { body: value, chunked: true });
    expect((await client.send("GET", "/v1/kv/long/chunked?raw")).bytes).toEqual(value);
    const list = await client.send("GET", "/v1/kv/long/?recurse");
    expect(list.bytes).toEqual((await all.server.send("GET", "/v1/kv/long/?recurse")).bytes);
    const refused = await client.send("PUT", "/v1/kv/long/four", { body: randomBytes(700_000) });
    expect(refused).toMatchObject({ status: 413 });
  });

  test("save and restore snapshots", async () => {
    await client.send("PUT", "/v1/kv/snapshot/value", { body: randomBytes(300_000) });
    const { bytes } = await client.send("GET", "/v1/snapshot");
    await client.send("PUT", "/v1/kv/snapshot/later", { body: "x" });
    expect(await client.send("PUT", "/v1/snapshot", { body: bytes })).toMatchObject({ status: 200, text: "" });
    expect((await client.send("GET", "/v1/kv/snapshot/?keys")).json).toEqual(["snapshot/value"]);
    expect(await client.send("PUT", "/v1/snapshot", { body: "no archive" })).toMatchObject({ status: 500 });
  });

  test("that block return when another agent changes what they wait for", async () => {
    await client.send("PUT", "/v1/kv/watched", { body: "1" });
    const { index } = await client.send("GET", "/v1/kv/watched");
    const held = client.send("GET", `/v1/kv/watched?index=${index}&wait=10m&raw`);
    const services = await client.send("GET", "/v1/catalog/services");
    const heldServices = client.send("GET", `/v1/catalog/services?index=${services.index}&wait=10m`);
    await all.server.send("PUT", "/v1/kv/watched", { body: "2" });
    expect((await promptly(held)).text).toBe("2");
    await register(client, { Name: "waited-for" });
    expect((await promptly(heldServices)).text).toContain("waited-for");
  });

  test("that block end when the HTTP client disconnects", async () => {
    const { index } = await client.send("GET", "/v1/kv/watched");
    const ending = new AbortController();
    const held = fetch(`${client.url}/v1/kv/watched?index=${index}&wait=10m`, { signal: ending.signal });
    await client.send("GET", "/v1/status/leader");
    ending.abort();
    expect(await promptly(held.catch((error: unknown) => (error instanceof Error ? error.name : "")))).toBe(
      "AbortError",
    );
    expect((await promptly(client.send("GET", "/v1/status/leader"))).status).toBe(200);
  });

  test("mean the client agent's node where they say nothing else", async () => {
    const { ID } = (await client.send("PUT", "/v1/session/create")).json as { ID: string };
    expect((await all.server.send("GET", `/v1/session/info/${ID}`)).json).toMatchObject([{ Node: "client-2" }]);
    await register(client, { Name: "near" });
    await register(all.server, { Name: "near" });
    await client.send("POST", "/v1/query", { body: { Name: "nearest", Service: { Service: "near", Near: "_agent" } } });
    for (const [agent, node] of [
      [client, "client-2"],
      [all.server, "server"],
    ] as const)
      for (let round = 0; round < 5; round++) {
        const { json } = await agent.send("GET", "/v1/query/nearest/execute");
        expect(json).toMatchObject({ Nodes: [{ Node: { Node: node } }, {}] });
      }
  });
});

describe("events", () => {
  test("that are fired on one agent are listed by all that they are meant for, with one Lamport time", async () => {
    const other = await all.joinClient("127.0.0.3");
    const list = async (agent: AgentProcess): Promise<unknown> => (await agent.send("GET", "/v1/event/list")).json;
    const held = other.send("GET", "/v1/event/list?index=1&wait=10m");
    await client.send("PUT", "/v1/event/fire/for-all", { body: "payload" });
    expect((await promptly(held)).json).toMatchObject([{ Name: "for-all", Payload: "cGF5bG9hZA==", LTime: 2 }]);
    await within(soonMs, async () => expect(await list(all.server)).toMatchObject([{ Name: "for-all", LTime: 2 }]));
    await all.server.send("PUT", "/v1/event/fire/for-one?node=client-3");
    await within(soonMs, async () => expect(await list(other)).toMatchObject([{}, { Name: "for-one", LTime: 3 }]));
    expect(await list(client)).toMatchObject([{ Name: "for-all" }]);
    expect(await list(all.server)).toMatchObject([{ Name: "for-all" }]);
    await all.end(other, "SIGTERM");
  });
});

describe("DNS of a client agent", () => {
  /** Starts a client agent that answers DNS on 127.0.0.1, where the tests ask. */
  async function start(port: number, ...words: readonly string[]): Promise<AgentProcess> {
    return all.startClient(
      "127.0.0.6",
      ...["-dns-port", String(port), "-hcl", 'addresses { dns = "127.0.0.1" }', ...words],
    );
  }

  test("answers names in the domain from the server's catalog, and other names by its own recursors", async () => {
    const [port = 0] = await freePorts(1);
    const record: Answer = { type: "A", name: "example.org", data: "192.0.2.9", ttl: 60 };
    const upstream = await startUpstream(() => ({ rcode: 0, answers: [record] }));
    const agent = await start(port, "-recursor", `127.0.0.1:${upstream.port}`);
    expect(await askDns(port, "named.service.consul")).toMatchObject({ rcode: "SERVFAIL", flag_aa: true });
    expect(await askDns(port, "example.org")).toMatchObject({ rcode: "NOERROR", answers: [{ data: "192.0.2.9" }] });
    await agent.send("PUT", "/v1/agent/join/127.0.0.1");
    await registerInCatalog(agent, { Name: "named", Port: 81 });
    await register(all.server, { Name: "named", Port: 82 });
    for (const network of ["", " tcp"]) {
      const { answers } = await askDns(port, `named.service.consul SRV${network}`);
      expect(answers?.map(portOf).toSorted()).toEqual([81, 82]);
    }
    expect(await askDns(port, "none.service.consul")).toMatchObject({ rcode: "NXDOMAIN", flag_aa: true });
    expect(upstream.asked).toEqual(["udp example.org A"]);
    upstream.stop();
    await all.end(agent, "SIGTERM");
  });

  test("orders the answers of a prepared query as seen from the client agent's node", async () => {
    const [port = 0] = await freePorts(1);
    const agent = await start(port, "-join", "127.0.0.1");
    await registerInCatalog(agent, { Name: "pair", Port: 81 });
    await register(all.server, { Name: "pair", Port: 82 });
    await agent.send("POST", "/v1/query", { body: { Name: "pair", Service: { Service: "pair", Near: "_agent" } } });
    for (let round = 0; round < 5; round++) {
      const { answers } = await askDns(port, "pair.query.consul SRV");
      expect(answers?.map(portOf)).toEqual([81, 82]);
    }
    await all.end(agent, "SIGTERM");
  });
});

/** Returns the port of an SRV record. */
function portOf(record: Answer): number {
  return record.type === "SRV" ? (record.data.port ?? 0) : 0;
}

describe("commands that ask a client agent", () => {
  test("tell of the client agent and of the cluster", async () => {
    const at = `-http-addr=${client.url}`;
    const members = await all.sandbox.run("members", at);
    expect(members.output).toMatch(/^server +127\.0\.0\.1:\d+ +alive +server /m);
    expect(await all.sandbox.run("members", at, "-wan")).toMatchObject({ code: 2, output: "" });
    const info = (await all.sandbox.run("info", at)).output;
    expect(info).toContain("consul:\n\tacl = disabled\n\tknown_servers = 1\n\tserver = false\n");
    expect(info).not.toMatch(/raft:|serf_wan:/);
    expect(await all.sandbox.run("join", at, "127.0.0.1")).toMatchObject({
      code: 0,
      output: "Successfully joined cluster by contacting 1 nodes.\n",
    });
    expect((await all.sandbox.run("keyring", "-list", at)).output).toContain(
      "keyring operations must run against a server node",
    );
    const leaving = await all.joinClient("127.0.0.5");
    expect(await all.sandbox.run("leave", `-http-addr=${leaving.url}`)).toMatchObject({ code: 0 });
    expect(await leaving.ended()).toBe(0);
  });
});

describe("without a server", () => {
  test("a client agent registers and checks services, says so to others, and catches up when the server is back", async () => {
    await all.killServer();
    try {
      await within(soonMs, async () =>
        expect(await client.send("GET", "/v1/kv/a")).toMatchObject({ status: 500, text: "No known Consul servers" }),
      );
      await register(client, { Name: "alone", Check: { TTL: "1h" } });
      expect((await client.send("PUT", "/v1/agent/check/pass/service:alone")).status).toBe(200);
      expect((await client.send("GET", "/v1/agent/checks")).text).toContain('"CheckID":"service:alone"');
      expect((await client.send("GET", "/v1/agent/members")).text).toContain('"client-2"');
      await client.send("PUT", "/v1/agent/service/deregister/web");
    } finally {
      await all.restartServer();
    }
    await within(soonMs, async () => {
      expect(await statuses("alone")).toEqual(["passing"]);
      expect(await statuses("web")).toEqual([]);
    });
    await within(soonMs, async () =>
      expect(await rows(all.server, "/v1/health/checks/told")).toMatchObject([{ Output: "still well" }]),
    );
  });
});

describe("the end of a client agent", () => {
  test.each([["SIGTERM"], ["SIGINT"]] as const)(
    "by %s takes its node out of the catalog first, with exit code 0",
    async (signal) => {
      const agent = await all.joinClient("127.0.0.5");
      expect(await all.end(agent, signal)).toBe(0);
      expect((await all.server.send("GET", "/v1/catalog/nodes")).text).not.toContain("client-5");
    },
  );

  test("by PUT /v1/agent/leave, too, and it joins again only by an address that it gets", async () => {
    const agent = await all.joinClient("127.0.0.5");
    expect((await agent.send("PUT", "/v1/agent/leave")).status).toBe(200);
    expect(await agent.ended()).toBe(0);
    expect((await all.server.send("GET", "/v1/catalog/nodes")).text).not.toContain("client-5");
    const again = await all.startClient("127.0.0.5");
    expect(await again.send("GET", "/v1/kv/a")).toMatchObject({ status: 500, text: "No known Consul servers" });
    expect((await again.send("PUT", "/v1/agent/join/127.0.0.1")).status).toBe(200);
    expect((await again.send("GET", "/v1/catalog/nodes")).text).toContain("client-5");
    await all.end(again, "SIGTERM");
  });

  test("by SIGTERM without leave_on_terminate leaves its node in the catalog, with exit code 1", async () => {
    const agent = await all.joinClient("127.0.0.5", "-hcl", "leave_on_terminate = false");
    expect(await all.end(agent, "SIGTERM")).toBe(1);
    expect((await all.server.send("GET", "/v1/catalog/nodes")).text).toContain("client-5");
  });
});

describe("a start without a server", () => {
  test("by -join ends with exit code 1 and names the address", async () => {
    const [port = 0] = await freePorts(1);
    const folder = join(all.sandbox.folder, "join");
    const { code, output } = await all.sandbox.run(
      ...["agent", "-data-dir", folder, "-bind", "127.0.0.1", "-http-port", String(port), "-dns-port", "-1"],
      ...["-join", "127.0.0.9:1"],
    );
    expect({ code, output }).toMatchObject({
      code: 1,
      output: expect.stringContaining("Failed to join 127.0.0.9: dial tcp 127.0.0.9:1: connect: connection refused"),
    });
  });

  test("by -retry-join ends with exit code 1 after retry_max attempts", async () => {
    const [port = 0] = await freePorts(1);
    const { code, output } = await all.sandbox.run(
      ...["agent", "-data-dir", join(all.sandbox.folder, "retry"), "-bind", "127.0.0.1", "-http-port", String(port)],
      ...["-dns-port", "-1", "-retry-join", "127.0.0.9:1", "-retry-max", "2", "-retry-interval", "1s"],
    );
    expect({ code, output }).toMatchObject({ code: 1, output: expect.stringContaining("retry_max=2") });
  });

  test("is refused with core-keeper's API, which needs a server", async () => {
    const { code, output } = await all.sandbox.run(
      ...[
        "agent",
        "-data-dir",
        join(all.sandbox.folder, "keeper"),
        "-bind",
        "127.0.0.1",
        "-hcl",
        "ports { keeper = 1 }",
      ],
    );
    expect({ code, output }).toMatchObject({ code: 1, output: expect.stringContaining("core-keeper") });
    expect(readdirSync(all.sandbox.folder)).not.toContain("keeper");
  });
});
