import { afterAll, describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type AgentProcess, openSandbox } from "../support/agent-process.ts";
import { localhostCertificate } from "../support/certificates.ts";
import { freePorts } from "../support/free-ports.ts";
import { within } from "../support/within.ts";

const sandbox = openSandbox();
afterAll(() => sandbox.close());

const inFolder = (name: string): string => join(sandbox.folder, name);

async function startAgent(hcl: string): Promise<AgentProcess> {
  const file = inFolder("agent.hcl");
  writeFileSync(file, hcl);
  const agent = await sandbox.start("-dev", "-hcl", "ui = false", "-config-file", file);
  await agent.ready();
  return agent;
}

/** Sends a blocking query for a key that is never written, and repeats it whenever it is answered, until `end` is called. */
function hold(url: string, init: BunFetchRequestInit = {}): { readonly end: () => void } {
  const going = new AbortController();
  const { signal } = going;
  const keepAsking = async (): Promise<void> => {
    while (!signal.aborted) await fetch(`${url}/v1/kv/nobody?index=1&wait=10m`, { signal, ...init });
  };
  keepAsking().catch(() => {});
  return { end: () => going.abort() };
}

/** Sends one more blocking query and returns its status. 404 is the normal answer: the key does not exist. */
async function statusOf(url: string, init: BunFetchRequestInit = {}): Promise<number> {
  return (await fetch(`${url}/v1/kv/nobody?index=1&wait=1ms`, init)).status;
}

const soon = (expectation: () => Promise<void>): Promise<void> => within(3_000, expectation);

describe("limits.http_max_conns_per_client", () => {
  test("refuses a client's pending requests beyond the limit, over HTTP and HTTPS together, until earlier ones end", async () => {
    const [httpsPort = 0] = await freePorts(1);
    const files = { cert: inFolder("cert.pem"), key: inFolder("key.pem") };
    writeFileSync(files.cert, localhostCertificate.cert);
    writeFileSync(files.key, localhostCertificate.key);
    const agent = await startAgent(`limits { http_max_conns_per_client = 2 }
      ports { https = ${httpsPort} }
      cert_file = "${files.cert}"
      key_file = "${files.key}"`);
    const tls = { tls: { ca: localhostCertificate.cert } };
    const holding = [hold(agent.url), hold(`https://localhost:${httpsPort}`, tls)];
    await soon(async () => expect(await statusOf(agent.url)).toBe(429));
    expect(await statusOf(`https://localhost:${httpsPort}`, tls)).toBe(429);
    const refused = await agent.send("PUT", "/v1/kv/a", { body: "x" });
    expect([refused.status, refused.header("Connection")]).toEqual([429, "close"]);
    // Requests that are answered at once do not count towards the limit.
    expect((await agent.send("GET", "/v1/status/leader")).status).toBe(200);
    holding.forEach(({ end }) => end());
    await soon(async () => expect(await statusOf(agent.url)).toBe(404));
  });

  test("changes with a reload", async () => {
    const agent = await startAgent("limits { http_max_conns_per_client = 1 }");
    const { end } = hold(agent.url);
    await soon(async () => expect(await statusOf(agent.url)).toBe(429));
    writeFileSync(inFolder("agent.hcl"), "limits { http_max_conns_per_client = 0 }");
    agent.signal("SIGHUP");
    await soon(async () => expect(await statusOf(agent.url)).toBe(404));
    end();
  });

  test("counts all clients of a unix socket as one client, apart from all others", async () => {
    const path = inFolder("agent.sock");
    const agent = await startAgent(`limits { http_max_conns_per_client = 1 }
      addresses { http = "127.0.0.1 unix://${path}" }`);
    const { end } = hold("http://agent", { unix: path });
    await soon(async () => expect(await statusOf("http://agent", { unix: path })).toBe(429));
    expect(await statusOf(agent.url)).toBe(404);
    end();
  });

  test("counts a client that streams the log until the client disconnects", async () => {
    const agent = await startAgent("limits { http_max_conns_per_client = 1 }");
    const going = new AbortController();
    const answer = await fetch(`${agent.url}/v1/agent/monitor`, { signal: going.signal });
    // The runtime closes the connection of an answer to which the test holds no reference.
    const lines = answer.body?.getReader();
    await lines?.read();
    expect([answer.status, await statusOf(agent.url)]).toEqual([200, 429]);
    going.abort();
    await lines?.closed.catch(() => {});
    await soon(async () => expect(await statusOf(agent.url)).toBe(404));
  });
});

describe("http_config", () => {
  test("use_cache = false makes the agent ignore ?cached", async () => {
    const agent = await startAgent("http_config { use_cache = false }");
    for (const path of ["/v1/catalog/services?cached", "/v1/catalog/datacenters?cached"]) {
      const answer = await agent.send("GET", path);
      expect([answer.status, answer.header("X-Cache"), answer.header("Age")]).toEqual([200, undefined, undefined]);
    }
  });

  test("block_endpoints refuses paths with these prefixes for every method", async () => {
    const agent = await startAgent('http_config { block_endpoints = ["/v1/agent/self", "/v1/kv/secret"] }');
    const blocked = { status: 403, text: "Endpoint is blocked by agent configuration" };
    expect(await agent.send("GET", "/v1/agent/self")).toMatchObject(blocked);
    expect(await agent.send("PUT", "/v1/kv/secret/a", { body: "x" })).toMatchObject(blocked);
    expect(await agent.send("DELETE", "/v1/agent/self")).toMatchObject(blocked);
    expect((await agent.send("PUT", "/v1/kv/open", { body: "x" })).status).toBe(200);
  });
});

test("the agent warns of disable_remote_exec = false, and does not warn of disable_remote_exec = true", async () => {
  const said = "disable_remote_exec is false, and yet this agent runs no commands of `consul exec`";
  expect((await startAgent("disable_remote_exec = false")).output()).toContain(said);
  expect((await startAgent("disable_remote_exec = true")).output()).not.toContain("disable_remote_exec");
});
