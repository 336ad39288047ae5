import { afterAll, expect, test } from "bun:test";
import { join } from "node:path";
import { mkdirSync, utimesSync, writeFileSync } from "node:fs";
import { openSandbox } from "../support/agent-process.ts";
import { freePorts } from "../support/free-ports.ts";
import { within } from "../support/within.ts";

const sandbox = openSandbox();
afterAll(() => sandbox.close());

test("a service in maintenance, and one without a port of its own, are told with their reason and what to do", async () => {
  const hcl = `edgex { ports { policy = "reassign", range = "40001-40001", reserved = ["40001"] } }`;
  const agent = await sandbox.start("-dev", "-hcl", hcl);
  await agent.ready();
  const register = (body: object): Promise<unknown> =>
    agent.send("PUT", "/v1/agent/service/register", { body: JSON.stringify(body) });
  await register({ Name: "oven" });
  await register({ Name: "press", Port: 40_002, Address: "localhost" });
  await register({ Name: "saw", Port: 40_002, Address: "localhost" });
  await agent.send("PUT", "/v1/agent/service/maintenance/oven?enable=true&reason=new%20door");
  const { output } = await sandbox.run("doctor", "-http-addr", agent.url);
  expect(output).toContain("maintenance  service oven on node node1\n");
  expect(output).toContain("It is in maintenance, so nothing finds it: new door\n");
  expect(output).toContain("end the maintenance: praetor maint -disable -service=oven\n");
  expect(output).toContain("port-conflict  service saw on node node1\n");
  expect(output).not.toContain("See whether the service runs");
  const health = await sandbox.run("health", "oven", "--verbose", "--url", agent.url);
  expect(health.output).toContain('check "_service_maintenance:oven" of oven is critical: new door\n');
});

interface Told {
  readonly Kind: string;
  readonly Where: string;
  readonly Problem: string;
}

test("a gateway with several mistakes at once is told each of them, and which", async () => {
  const [dnsPort = 0] = await freePorts(1);
  const dataDir = join(sandbox.folder, "data");
  mkdirSync(dataDir);
  // Serves nothing over DNS until it is told an address to do so at.
  const hcl = `ports { dns = ${dnsPort} } addresses { dns = "127.0.0.2" }`;
  const agent = await sandbox.start("-data-dir", dataDir, "-hcl", hcl);
  await agent.ready();
  const register = (path: string, body: object): Promise<unknown> =>
    agent.send("PUT", path, { body: JSON.stringify(body) });
  const http = { HTTP: `${agent.url}/no/such/path`, Interval: "100ms" };
  await register("/v1/agent/service/register", { Name: "web", Address: "localhost", Port: 80, Check: http });
  await register("/v1/agent/service/register", { Name: "api", Address: "10.0.0.9", Port: 80 });
  await register("/v1/agent/service/register", { Name: "app", Address: "10.0.0.9", Port: 80 });
  await register("/v1/agent/check/register", { Name: "heartbeat", TTL: "1ms" });
  await register("/v1/agent/check/register", { Name: "door", TCP: "127.0.0.1:1", Interval: "100ms" });
  await register("/v1/catalog/register", { Node: "clone", Address: "127.0.0.1" });
  const later = Date.now() / 1_000 + 3_600;
  writeFileSync(join(dataDir, "tomorrow"), "");
  utimesSync(join(dataDir, "tomorrow"), later, later);

  await within(10_000, async () => {
    const { code, output } = await sandbox.run("doctor", "-format=json", "-http-addr", agent.url);
    const { Findings: findings } = JSON.parse(output) as { readonly Findings: readonly Told[] };
    expect(code).toBe(1);
    const told = new Map(findings.map((finding) => [finding.Kind, finding]));
    expect(told.get("port-silent")?.Where).toBe(`127.0.0.1:${dnsPort}`);
    expect(told.get("service-on-localhost")?.Where).toBe("service web on node node1");
    expect(told.get("address-shared")?.Problem).toContain("api and app are registered at the same address");
    expect(told.get("check-path-unknown")?.Problem).toContain("404 Not Found");
    expect(told.get("ttl-not-updated")?.Where).toBe("check heartbeat of node node1");
    expect(told.get("check-critical")?.Where ?? told.get("check-never-passed")?.Where).toBe("check door of node node1");
    expect(told.get("node-cloned")?.Where).toMatch(/^node (clone and node node1|node1 and node clone)$/);
    expect(told.get("clock-went-back")?.Problem).toContain(`${dataDir} holds files from`);
  });
});
