/**
 * Measures the agent's cost on an idle gateway: `bun bench/gateway.ts [minutes=10] [consul]`.
 *
 * The gateway has 3,000 keys and 40 services, each checked every 10 s. Half of the services behave like those of EdgeX Geneva,
 * half like those of EdgeX 4. Each service watches the keys below its `Writable/`, and Geneva's services also list all services
 * every 15 s. The goal, after a minute to settle: less than 3 % of one core, less than 80 MiB, and nothing written to the disk.
 * With the argument "consul" the real Consul is measured first, with 40 services that all behave like Geneva's.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Contender } from "./lib/contender.ts";
import { freePorts } from "./lib/free-ports.ts";
import { residentKib } from "./lib/process-memory.ts";
import { usageOf, type Usage } from "./lib/process-usage.ts";

const services = 40;
const keysPerService = 75;
const settleMs = 60_000;

interface ServiceAt {
  readonly name: string;
  readonly port: number;
  readonly basePath: string;
}

interface Gateway {
  readonly contender: Contender;
  /** The URL of core-keeper's API; undefined for Consul, which lacks this API: all of its services behave like Geneva's. */
  readonly keeperUrl: string | undefined;
}

async function main(): Promise<void> {
  const [minutes = "10", ...others] = process.argv.slice(2);
  const folder = await mkdtemp(join(tmpdir(), "gateway-bench-"));
  try {
    if (others.includes("consul")) await run(consul(folder), Number(minutes));
    await run(praetor(folder), Number(minutes));
  } finally {
    await rm(folder, { recursive: true });
  }
}

function consul(folder: string): Gateway {
  const binary = process.env["CONSUL_BINARY"];
  if (!binary) throw new Error("name the real Consul: CONSUL_BINARY=/usr/bin/consul");
  return { contender: new Contender("Consul", { binary, folder }), keeperUrl: undefined };
}

function praetor(folder: string): Gateway {
  const { keeper } = freePorts("keeper");
  const binary = process.env["PRAETOR_BINARY"] ?? "dist/praetor";
  const contender = new Contender("Praetor", { binary, folder, flags: ["-keeper-port", String(keeper)] });
  return { contender, keeperUrl: `http://127.0.0.1:${keeper}/api/v3` };
}

async function run(gateway: Gateway, minutes: number): Promise<void> {
  const { contender } = gateway;
  const pinged = new Set<number>();
  const running = Array.from({ length: services }, (_none, at) => startService(gateway, at, pinged));
  const leaving = new AbortController();
  await contender.start();
  try {
    for (const service of running) await service.introduce();
    for (const { service, isGeneva } of running) {
      void keepWatching(contender.url, service.basePath, leaving.signal);
      if (isGeneva) void keepAsking(contender.url, leaving.signal);
    }
    await Bun.sleep(settleMs);
    const before = usageOf(contender.pid);
    await Bun.sleep(minutes * 60_000);
    await tell({ gateway, before, after: usageOf(contender.pid), minutes, pinged: pinged.size });
  } finally {
    leaving.abort();
    await contender.stop();
    for (const service of running) await service.stop();
  }
}

function startService({ contender, keeperUrl }: Gateway, at: number, pinged: Set<number>) {
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch(request) {
      if (request.url.endsWith("/ping")) pinged.add(at);
      return new Response("pong");
    },
  });
  const isGeneva = keeperUrl === undefined || at % 2 === 0;
  const name = `device-${at}`;
  const basePath = isGeneva ? `edgex/devices/1.0/${name}` : `edgex/v4/${name}`;
  const service: ServiceAt = { name, port: server.port ?? 0, basePath };
  return {
    service,
    isGeneva,
    introduce: () => (isGeneva ? introduceGeneva(contender, service) : introduceFour(keeperUrl, service)),
    stop: () => server.stop(true),
  };
}

async function introduceGeneva(contender: Contender, { name, port, basePath }: ServiceAt): Promise<void> {
  for (let key = 0; key < keysPerService; key += 1)
    await contender.tryPut(`${basePath}/${key === 0 ? "Writable/LogLevel" : `Group/Setting${key}`}`, "INFO");
  await contender.put("/v1/agent/service/register", { Name: name, Port: port, Address: "127.0.0.1" });
  await contender.put("/v1/agent/check/register", {
    Name: `Health Check: ${name}`,
    ServiceID: name,
    Interval: "10s",
    HTTP: `http://127.0.0.1:${port}/api/v1/ping`,
  });
}

async function introduceFour(keeperUrl: string, { name, port, basePath }: ServiceAt): Promise<void> {
  const settings = Array.from({ length: keysPerService - 1 }, (_none, key) => [`Setting${key}`, "INFO"]);
  const value = { Writable: { LogLevel: "INFO" }, Group: Object.fromEntries(settings) };
  await send("PUT", `${keeperUrl}/kvs/key/${basePath}?flatten=true`, { apiVersion: "v3", value });
  const healthCheck = { interval: "10s", path: "/api/v3/ping", type: "http" };
  const registration = { serviceId: name, host: "127.0.0.1", port, healthCheck };
  await send("POST", `${keeperUrl}/registry`, { apiVersion: "v3", registration });
}

async function send(method: string, url: string, body: object): Promise<void> {
  const answer = await fetch(url, { method, body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${method} ${url}: ${answer.status} ${await answer.text()}`);
}

/**
 * Watches the keys below a service's `Writable/` as EdgeX's Go client does: by blocking queries with the index of the last
 * answer.
 */
async function keepWatching(url: string, basePath: string, signal: AbortSignal): Promise<void> {
  let index = "";
  while (!signal.aborted) {
    const since = index === "" ? "" : `&index=${index}`;
    const answer = await fetch(`${url}/v1/kv/${basePath}/Writable/?recurse=&wait=1800000ms${since}`, {
      signal,
      headers: { Connection: "keep-alive" },
    }).catch(() => undefined);
    index = answer?.headers.get("X-Consul-Index") ?? "";
    await answer?.bytes();
  }
}

async function keepAsking(url: string, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const answer = await fetch(`${url}/v1/agent/services`, { signal }).catch(() => undefined);
    await answer?.bytes();
    await Bun.sleep(15_000);
  }
}

interface Found {
  readonly gateway: Gateway;
  readonly before: Usage;
  readonly after: Usage;
  readonly minutes: number;
  readonly pinged: number;
}

async function tell({ gateway: { contender }, before, after, minutes, pinged }: Found): Promise<void> {
  const passing = await (await fetch(`${contender.url}/v1/health/state/passing`)).json();
  const processorMs = after.processorMs - before.processorMs;
  const share = (100 * processorMs) / (minutes * 60_000);
  console.log(`${contender.name}: ${services} services, ${services * keysPerService} keys, for ${minutes} min`);
  console.log(`  checked    ${pinged} services, ${Array.isArray(passing) ? passing.length : 0} checks passing`);
  console.log(`  processor  ${share.toFixed(2)} % of a core`);
  console.log(`  memory     ${(residentKib(contender.pid) / 1_024).toFixed(1)} MiB`);
  console.log(`  written    ${after.writtenBytes - before.writtenBytes} bytes`);
}

await main();
