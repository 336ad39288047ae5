import { afterAll, expect, test } from "bun:test";
import { join } from "node:path";
import { openSandbox } from "../support/agent-process.ts";
import { freePorts } from "../support/free-ports.ts";
import { exchange } from "../support/exchange.ts";

const sandbox = openSandbox();
afterAll(() => sandbox.close());

const master = "6f3f8f6c-6f0e-4a66-9e1c-0d4f0c6a0001";

test("a client that guesses tokens is refused both APIs, and tokens that its address has used before go on", async () => {
  const [keeper = 0] = await freePorts(1);
  const acl = `acl { enabled = true default_policy = "deny" tokens { master = "${master}" agent_master = "for-repairs" } }`;
  // The audit log records on behalf of which caller a write is made, and must not hide the caller from the limit.
  const audit = `audit { enabled = true sink "all" { type = "file" format = "json" path = "${join(sandbox.folder, "audit.json")}" } }`;
  const words = ["-dev", "-hcl", `${acl} ${audit} ports { keeper = ${keeper} } addresses { keeper = "127.0.0.1" }`];
  const agent = await sandbox.start(...words);
  await agent.ready();
  const send = async (method: string, token: string, path: string, url: string): Promise<number> =>
    (await exchange(url, method, { path, headers: { Authorization: `Bearer ${token}` } })).status;
  const ask = (token: string, path = "/v1/kv/a", url = agent.url): Promise<number> => send("GET", token, path, url);
  expect([await ask(master), await ask("for-repairs", "/v1/agent/self")]).toEqual([404, 200]);
  for (let at = 0; at < 100; at++) expect(await ask(`guess ${at}`.replace(" ", "-"))).toBe(403);
  expect(await ask("another")).toBe(429);
  expect(await send("PUT", "another", "/v1/kv/a", agent.url)).toBe(429);
  expect(await ask("another", "/api/v3/kvs/key/a", `http://127.0.0.1:${keeper}`)).toBe(429);
  expect(await ask(master)).toBe(404);
  expect((await exchange(agent.url, "GET", { path: "/v1/status/leader" })).status).toBe(200);
  const { text } = await exchange(agent.url, "GET", { path: `/v1/agent/metrics?token=${master}` });
  expect(text).toContain("praetor.acl.unguarded_addresses");
  expect(agent.output()).toContain("An address tries unknown tokens");
});
