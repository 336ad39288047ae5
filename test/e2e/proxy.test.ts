import { afterAll, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openSandbox, type Sandbox } from "../support/agent-process.ts";
import { programOf } from "../support/target.ts";
import { within } from "../support/within.ts";

/*
 * Runs programs whose environment names a proxy, as Docker's client sets it for every container. Requests to this machine must
 * bypass the proxy.
 */

const atProxy: string[] = [];
const proxy = Bun.listen({
  hostname: "127.0.0.1",
  port: 0,
  socket: {
    data(socket, bytes) {
      atProxy.push(bytes.toString().split("\r\n", 1)[0] ?? "");
      socket.end("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n[]");
    },
  },
});
const proxyUrl = `http://127.0.0.1:${proxy.port}`;
const variables = { HTTP_PROXY: proxyUrl, http_proxy: proxyUrl, HTTPS_PROXY: proxyUrl };
const sandbox: Sandbox = openSandbox("env", ...Object.entries(variables).map(([name, value]) => `${name}=${value}`));
afterAll(async () => {
  await sandbox.close();
  proxy.stop(true);
});

async function run(
  program: readonly string[],
  ...words: readonly string[]
): Promise<{ code: number; printed: string }> {
  const env = { ...process.env, ...variables };
  const child = Bun.spawn([...program, ...words], { env, stdin: "ignore", stdout: "pipe", stderr: "pipe" });
  const [stdout, stderr, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  return { code, printed: stdout + stderr };
}

const soonMs = 20_000;

test("requests to this machine bypass the environment's proxy, and child processes inherit the variables", async () => {
  const here: string[] = [];
  using hook = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch(request) {
      here.push(new URL(request.url).pathname);
      return new Response();
    },
  });
  const seen = join(sandbox.folder, "variables");
  const key = { type: "key", key: "a" };
  const handler = (path: string): object => ({ ...key, handler_type: "http", http_handler_config: { path } });
  const watches = [
    { ...key, handler: `env >${seen}` },
    handler(`http://localhost:${hook.port}/hook`),
    handler("http://hooks.example:8080/hook"),
  ];
  const checks = [
    { id: "vars", args: ["sh", "-c", 'echo "$HTTP_PROXY"'], interval: "1s" },
    { id: "web", http: `http://127.0.0.1:${hook.port}/check`, interval: "1s" },
  ];
  const file = join(sandbox.folder, "agent.json");
  writeFileSync(file, JSON.stringify({ watches, checks, enable_local_script_checks: true }));
  const agent = await sandbox.start("-data-dir", join(sandbox.folder, "data"), "-config-file", file);
  await agent.ready();
  await agent.send("PUT", "/v1/kv/a", { body: "secret" });
  await within(soonMs, async () => {
    expect(readFileSync(seen, "utf8")).toContain(`HTTP_PROXY=${proxyUrl}\n`);
    expect(here).toContain("/hook");
    expect(here).toContain("/check");
    expect(atProxy.length).toBeGreaterThan(0);
    const { vars } = (await agent.send("GET", "/v1/agent/checks")).json as {
      vars: { Output: string };
    };
    expect(vars.Output).toBe(`${proxyUrl}\n`);
  });
  // Only requests to other machines use the proxy.
  expect([...new Set(atProxy)]).toEqual(["POST http://hooks.example:8080/hook HTTP/1.1"]);
  const address = `-http-addr=${new URL(agent.url).host}`;
  const asked = [
    ["members", address],
    ["kv", "get", address, "a"],
    ["health", "--self", address],
    ["health", "--self", `--url=http://localhost:${new URL(agent.url).port}`],
    ["lock", address, "locks/a", "env"],
    ["export", address, join(sandbox.folder, "export")],
  ];
  for (const program of [programOf("executable"), programOf("praetor")])
    for (const words of asked) expect({ words, ...(await run(program, ...words)) }).toMatchObject({ words, code: 0 });
  const held = await run(programOf("executable"), "lock", address, "locks/a", "env");
  expect(held.printed).toContain(`HTTP_PROXY=${proxyUrl}\n`);
  expect([...new Set(atProxy)]).toEqual(["POST http://hooks.example:8080/hook HTTP/1.1"]);
});
