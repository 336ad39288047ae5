import { afterAll, beforeAll, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { AgentProcess } from "../support/agent-process.ts";
import { ServerWithClients } from "../support/client-agents.ts";
import { askDns } from "../support/dns-exchange.ts";
import { freePorts } from "../support/free-ports.ts";
import { within } from "../support/within.ts";

const master = "6f3f8f6c-6f0e-4a66-9e1c-0d4f0c6a0001";
const host = "127.0.0.2";
const waitMs = 20_000;

let all: ServerWithClients;
let client: AgentProcess;
let auditPath: string;
let dnsPort: number;
beforeAll(async () => {
  const guard = `acl { enabled = true default_policy = "deny"`;
  all = await ServerWithClients.startAs(master, ["-hcl", `${guard} tokens { master = "${master}" } }`]);
  const file = join(all.sandbox.folder, "services.hcl");
  writeFileSync(file, `services = [{ name = "lamp" }, { name = "door", token = "${await newToken("door")}" }]`);
  auditPath = join(all.sandbox.folder, "audit.json");
  const audit = `audit { enabled = true sink "file" { type = "file" format = "json" path = "${auditPath}" } }`;
  [dnsPort = 0] = await freePorts(1);
  const dns = ["-dns-port", String(dnsPort), "-hcl", 'addresses { dns = "127.0.0.1" }'];
  const words = ["-config-file", file, "-hcl", `${guard} token_ttl = "0s" } ${audit}`, ...dns];
  client = await all.joinClient(host, ...words);
});
afterAll(() => all.close());

const as = (secret: string) => ({ headers: { "X-Consul-Token": secret } });

async function asMaster(method: string, path: string, body: unknown = ""): Promise<string> {
  const { status, text } = await all.server.send(method, path, { body, ...as(master) });
  expect(`${path} ${status} ${text}`).toStartWith(`${path} 200`);
  return text;
}

/** Creates a token that may write one service, and returns its secret. */
async function newToken(service: string): Promise<string> {
  const rules = `service "${service}" { policy = "write" } node_prefix "" { policy = "read" }`;
  const name = `${service}-${crypto.randomUUID()}`;
  await asMaster("PUT", "/v1/acl/policy", { Name: name, Rules: rules });
  return textIn(await asMaster("PUT", "/v1/acl/token", { Policies: [{ Name: name }] }), "SecretID");
}

function textIn(json: string, field: string): string {
  return new RegExp(`"${field}":"([^"]*)"`).exec(json)?.[1] ?? "";
}

async function catalog(): Promise<string> {
  return asMaster("GET", "/v1/catalog/node/client-2");
}

async function doctor(): Promise<string> {
  const { output } = await all.sandbox.run("doctor", "-http-addr", client.url, "-token", master);
  return output;
}

async function register(name: string, secret: string): Promise<number> {
  const body = { Name: name, Check: { CheckID: `${name}-ttl`, TTL: "60s", Status: "passing" } };
  return (await client.send("PUT", "/v1/agent/service/register", { body, ...as(secret) })).status;
}

test("a service reaches the catalog with the token of its file or its request, and else with the agent's default token", async () => {
  const secret = await newToken("web");
  expect(await register("web", secret)).toBe(200);
  await within(waitMs, async () => expect(await catalog()).toContain('"Service":"web"'));
  expect(await catalog()).toContain('"Service":"door"');
  expect(await catalog()).not.toContain('"Service":"lamp"');
  expect(client.output()).toContain("Service registration blocked by ACLs");
  expect(await doctor()).toMatch(/refused-by-acl +service lamp on node client-2/);
  const body = { Token: await newToken("lamp") };
  expect((await client.send("PUT", "/v1/agent/token/default", { body, ...as(master) })).status).toBe(200);
  await within(waitMs, async () => expect(await catalog()).toContain('"Service":"lamp"'));
  expect(await doctor()).not.toContain("refused-by-acl");
  expect(client.output()).not.toContain(secret);
});

test("a request and a question that are passed on have the agent's default token", async () => {
  const path = "/v1/health/service/lamp";
  const without = await client.send("GET", path);
  expect(without.text).toContain('"Service":"lamp"');
  expect((await client.send("GET", "/v1/health/service/web")).text).toBe("[]");
  expect((await all.server.send("GET", path)).text).toBe("[]");
  const answers = await Promise.all(["lamp", "web"].map((name) => askDns(dnsPort, `${name}.service.consul SRV`)));
  expect(answers.map(({ rcode }) => rcode)).toEqual(["NOERROR", "NXDOMAIN"]);
});

test("a check whose service's token was deleted is refused, and the service still goes when it is deregistered", async () => {
  const secret = await newToken("fan");
  expect(await register("fan", secret)).toBe(200);
  await within(waitMs, async () => expect(await catalog()).toContain('"Service":"fan"'));
  const { text } = await all.server.send("GET", "/v1/acl/token/self", as(secret));
  await asMaster("DELETE", `/v1/acl/token/${textIn(text, "AccessorID")}`);
  expect((await client.send("PUT", "/v1/agent/check/fail/fan-ttl", as(master))).status).toBe(200);
  await within(waitMs, async () => expect(client.output()).toContain("Check registration blocked by ACLs"));
  expect(await doctor()).toMatch(/refused-by-acl +check fan-ttl on node client-2/);
  expect(await asMaster("GET", "/v1/health/checks/fan")).toContain('"Status":"passing"');
  expect((await client.send("PUT", "/v1/agent/service/deregister/fan", as(secret))).text).toBe("ACL not found");
  expect((await client.send("PUT", "/v1/agent/service/deregister/fan", as(master))).status).toBe(200);
  await within(waitMs, async () => expect(await catalog()).not.toContain('"Service":"fan"'));
});

test("a waiting request asks for its token again when a change wakes it", async () => {
  const secret = await newToken("pump");
  expect(await register("pump", secret)).toBe(200);
  const first = await client.send("GET", "/v1/agent/service/pump", as(secret));
  const hash = first.header("X-Consul-Contenthash");
  const waiting = client.send("GET", `/v1/agent/service/pump?hash=${hash}&wait=1m`, as(secret));
  const { text } = await all.server.send("GET", "/v1/acl/token/self", as(secret));
  await asMaster("DELETE", `/v1/acl/token/${textIn(text, "AccessorID")}`);
  const body = { Name: "pump", Port: 7 };
  expect((await client.send("PUT", "/v1/agent/service/register", { body, ...as(master) })).status).toBe(200);
  expect((await waiting).text).toBe("ACL not found");
});

test("the audit log names the sender of what the agent answers and of what it passes on", async () => {
  const secret = await newToken("audited");
  const { text } = await all.server.send("GET", "/v1/acl/token/self", as(secret));
  const accessor = textIn(text, "AccessorID");
  expect(await register("audited", secret)).toBe(200);
  expect((await client.send("PUT", "/v1/kv/audited", { body: "x", ...as(secret) })).status).toBe(403);
  await within(waitMs, async () => {
    const events = readFileSync(auditPath, "utf8").split("\n");
    for (const path of ["/v1/agent/service/register", "/v1/kv/audited"])
      expect(events.some((event) => event.includes(accessor) && event.includes(path))).toBe(true);
  });
  expect(readFileSync(auditPath, "utf8")).not.toContain(secret);
});

test("guesses through one agent are refused there, and other agents' clients go on", async () => {
  const ask = async (secret: string, path: string): Promise<number> =>
    (await client.send("GET", path, as(secret))).status;
  expect(await ask(master, "/v1/agent/self")).toBe(200);
  const answers: number[] = [];
  // The tests before have sent some, too.
  for (let at = 0; at < 100; at++) answers.push(await ask(`guess-${at}`, "/v1/agent/self"));
  expect([answers[0], await ask("another", "/v1/agent/self")]).toEqual([403, 429]);
  expect(await ask(master, "/v1/agent/self")).toBe(200);
  expect((await all.server.send("GET", "/v1/agent/self", as("another"))).status).toBe(403);
  expect(client.output()).toContain("An address tries unknown tokens");
});
