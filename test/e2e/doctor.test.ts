import { afterAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { openSandbox } from "../support/agent-process.ts";
import { freePorts } from "../support/free-ports.ts";
import { programOf, startTargetAs } from "../support/target.ts";
import { canMount, mountSmallDisk } from "../support/small-disk.ts";
import { within } from "../support/within.ts";

const sandbox = openSandbox();
afterAll(() => sandbox.close());

test("doctor reports a service in maintenance and a service whose port another service has, each with a remedy", async () => {
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
  expect(output).toContain("It is in maintenance, so DNS and health queries omit it: new door\n");
  expect(output).toContain("end the maintenance: praetor maint -disable -service=oven\n");
  expect(output).toContain("ports-exhausted  service saw\n");
  expect(output).toContain("No port of 40001-40001 is free.");
  expect(output).not.toContain("port-conflict");
  expect(output).not.toContain("Check that the service runs");
  const health = await sandbox.run("health", "oven", "--verbose", "--url", agent.url);
  expect(health.output).toContain('check "_service_maintenance:oven" of oven is critical: new door\n');
});

interface Told {
  readonly Kind: string;
  readonly Where: string;
  readonly Problem: string;
  readonly Advice: string;
}

test("doctor reports each mistake on a gateway with the service, check, node or address concerned", async () => {
  const [dnsPort = 0] = await freePorts(1);
  const dataDir = join(sandbox.folder, "data");
  mkdirSync(dataDir);
  // The agent listens for DNS on an address that this machine lacks, so the listener stays closed until the address exists.
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

test("doctor reports a second agent on the machine, an unreachable broker and the data of a Consul", async () => {
  const [closed = 0] = await freePorts(1);
  const dataDir = join(sandbox.folder, "taken-over");
  mkdirSync(join(dataDir, "raft"), { recursive: true });
  writeFileSync(join(dataDir, "raft/raft.db"), "");
  const bus = `edgex { message_bus { url = "mqtt://op:hidden-word@127.0.0.1:${closed}" } }`;
  const agent = await sandbox.start("-data-dir", dataDir, "-hcl", bus);
  await agent.ready();
  // doctor recognises agents by the name of their program, so the test starts another process under the name "consul".
  symlinkSync(process.execPath, join(sandbox.folder, "consul"));
  const serve = `console.log(Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response() }).port)`;
  await using other = Bun.spawn([join(sandbox.folder, "consul"), "-e", serve], { stdout: "pipe" });
  const { value: printed } = await other.stdout.getReader().read();
  const otherPort = new TextDecoder().decode(printed).trim();
  const { output } = await sandbox.run("doctor", "-http-addr", agent.url);
  expect(output).toContain(`consul-data  ${dataDir}\n`);
  expect(output).toContain("message-bus-unreachable  node node1\n");
  expect(output).toContain(`second-agent  process ${other.pid} (consul)\n`);
  expect(output).toContain(`at 127.0.0.1:${otherPort};`);
  expect(output).not.toContain("hidden-word");
});

const isMountable = canMount();
const whyNot = isMountable ? "" : " (skipped: mounting takes root)";
test.skipIf(!isMountable)(`doctor reports writes that the disk rejects, with the reason${whyNot}`, async () => {
  const disk = mountSmallDisk("8m");
  if (disk === undefined) throw new Error("no small disk");
  try {
    const agent = await sandbox.start("-data-dir", join(disk.folder, "data"));
    await agent.ready();
    disk.fill();
    let status = 200;
    for (let n = 0; status === 200 && n < 200; n += 1)
      status = (await agent.send("PUT", `/v1/kv/${n}`, { body: "x".repeat(100_000) })).status;
    expect(status).not.toBe(200);
    const { code, output } = await sandbox.run("doctor", "-http-addr", agent.url);
    expect(code).toBe(1);
    expect(output).toMatch(/writes-refused .*\n.*could not store its last write: .* is full/);
    disk.empty();
    await within(10_000, async () => {
      expect((await agent.send("PUT", "/v1/kv/a", { body: "x" })).status).toBe(200);
    });
    expect((await sandbox.run("doctor", "-http-addr", agent.url)).output).not.toContain("writes-refused");
    agent.signal("SIGKILL");
    await agent.ended();
  } finally {
    disk.unmount();
  }
});

describe("without a running agent", () => {
  /** Returns the names, contents and times of all files in the folder. */
  function stateOf(folder: string): readonly unknown[] {
    return readdirSync(folder, { recursive: true, encoding: "utf8" })
      .toSorted()
      .map((name) => {
        const path = join(folder, name);
        const found = statSync(path);
        return [name, found.mtimeMs, found.isDirectory() ? "" : Bun.hash(readFileSync(path))];
      });
  }

  async function examined(...words: readonly string[]): Promise<ReadonlyMap<string, Told>> {
    const [port = 0] = await freePorts(1);
    const { code, output } = await sandbox.run("doctor", "-format=json", `-http-addr=127.0.0.1:${port}`, ...words);
    expect(code).toBe(2);
    const { Findings: findings } = JSON.parse(output) as { readonly Findings: readonly Told[] };
    expect(findings[0]?.Kind).toBe("agent-unreachable");
    return new Map(findings.map((finding) => [finding.Kind, finding]));
  }

  test("doctor names the process that uses the data folder and the ports, but no secrets in its arguments", async () => {
    const dataDir = join(sandbox.folder, "held");
    const secret = "cGFzc3dvcmQtb2YtdGhlLWZsZWV0LTEyMzQ1Njc4OTA=";
    const agent = await sandbox.start("-data-dir", dataDir, "-encrypt", secret);
    await agent.ready();
    await agent.send("PUT", "/v1/kv/a", { body: "x" });
    const before = stateOf(dataDir);
    const found = await examined("-data-dir", dataDir);
    expect(found.get("agent-unreachable")?.Advice).toMatch(/^Process \d+ \(.*\) has its data folder/);
    expect(JSON.stringify([...found])).not.toContain(secret);
    expect(stateOf(dataDir)).toEqual(before);
    const config = join(sandbox.folder, "ports.json");
    const port = Number(new URL(agent.url).port);
    writeFileSync(config, JSON.stringify({ ports: { http: port, dns: -1, keeper: -1 } }));
    const elsewhere = await examined("-config-file", config, "-data-dir", join(sandbox.folder, "none"));
    expect(elsewhere.get("port-taken")?.Where).toBe(`127.0.0.1:${port} (tcp)`);
    expect(elsewhere.get("port-taken")?.Problem).toMatch(/another program listens: .* \(process \d+\)/);
  });

  test("doctor distinguishes sound from damaged data, and changes no file", async () => {
    const dataDir = join(sandbox.folder, "left");
    const agent = await sandbox.start("-data-dir", dataDir);
    await agent.ready();
    await agent.send("PUT", "/v1/kv/a", { body: "x".repeat(1_000) });
    agent.signal("SIGKILL");
    await agent.ended();
    const sound = stateOf(dataDir);
    expect([...(await examined("-data-dir", dataDir)).keys()]).not.toContain("data-unusable");
    expect(stateOf(dataDir)).toEqual(sound);
    const file = join(dataDir, "praetor.db");
    const bytes = readFileSync(file);
    bytes.fill(0xff, 4_096, 4_196);
    writeFileSync(file, bytes);
    const damaged = stateOf(dataDir);
    const finding = (await examined("-data-dir", dataDir)).get("data-unusable");
    expect(finding?.Problem).toStartWith(`${file} is damaged: `);
    expect(stateOf(dataDir)).toEqual(damaged);
  });

  test.skipIf(!isMountable)(`doctor reports a data folder that is not writable${whyNot}`, async () => {
    const disk = mountSmallDisk("8m");
    if (disk === undefined) throw new Error("no small disk");
    try {
      disk.remount("ro");
      const finding = (await examined("-data-dir", join(disk.folder, "not", "there"))).get("data-folder-unwritable");
      expect(finding).toMatchObject({ Where: disk.folder, Problem: expect.stringContaining("EROFS") });
    } finally {
      disk.unmount();
    }
  });

  test("doctor reports errors of the configuration with file and line", async () => {
    const config = join(sandbox.folder, "wrong.hcl");
    writeFileSync(config, 'data_dir = "x"\nports { http = "many" }\n');
    const finding = (await examined("-config-file", config)).get("configuration-invalid");
    expect(finding).toMatchObject({ Where: config, Problem: expect.stringContaining("wrong.hcl") });
    expect(finding?.Advice).toEndWith(`praetor validate ${config}`);
  });
});

const [executable = ""] = programOf("executable");

test.skipIf(!existsSync(executable))(
  "an agent of the executable examines itself, also for two at once (skipped without dist/praetor: make build)",
  async () => {
    const agent = await startTargetAs(undefined, [], "executable");
    try {
      const put = (path: string, body: object): Promise<Response> =>
        fetch(agent.url + path, { method: "PUT", body: JSON.stringify(body) });
      for (const Name of ["saw", "press"]) await put("/v1/agent/service/register", { Name, Port: 40_002 });
      const examine = async (): Promise<unknown> => (await fetch(`${agent.url}/v1/praetor/doctor`)).json();
      const Findings: unknown = expect.arrayContaining([expect.objectContaining({ Kind: "address-shared" })]);
      const report = { Findings, NotLookedAt: [] };
      expect(await Promise.all([examine(), examine()])).toEqual([report, report]);
    } finally {
      await agent.stop();
    }
  },
);
