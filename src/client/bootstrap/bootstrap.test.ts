import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePorts } from "../../../test/support/free-ports.ts";
import { rejectionOf } from "../../../test/support/rejection.ts";
import { startTarget, type Target } from "../../../test/support/target.ts";
import { within } from "../../../test/support/within.ts";
import { bootstrap, type BootstrapOptions, type Service } from "./bootstrap.ts";

/* Services that start against a real agent, with real files and sockets. */

const defaults = {
  Writable: { LogLevel: "INFO", Limit: 10 },
  Service: { Host: "127.0.0.1", Port: 0, CheckInterval: "1s" },
  Clients: { CoreData: { Host: "localhost", Port: 48080 } },
  Labels: ["one"],
};
type Defaults = typeof defaults;

let agent: Target;
let folder: string;
let serviceKey: string;
let number = 0;
const open: Service<Defaults>[] = [];
const said: string[] = [];

beforeAll(async () => {
  agent = await startTarget();
});
afterAll(async () => agent.stop());
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "bootstrap-"));
  serviceKey = `service-${(number += 1)}`;
  said.length = 0;
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((service) => service.stop()));
  rmSync(folder, { recursive: true, force: true });
});

const log = Object.fromEntries(
  ["debug", "info", "warn", "error"].map((level) => [level, (line: string) => said.push(`${level} ${line}`)]),
) as unknown as NonNullable<BootstrapOptions<Defaults>["log"]>;

function serve(port: number): Promise<() => void> {
  const server = createServer((_request, response) => response.end("pong"));
  return listening(server, port).then(() => () => void server.close());
}

async function listening(server: Server, port: number): Promise<number> {
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

async function start(options: Partial<BootstrapOptions<Defaults>> = {}): Promise<Service<Defaults>> {
  const [port = 0] = await freePorts(1);
  const service = await bootstrap({
    ...{ serviceKey, log, env: {}, listen: serve },
    defaults: { ...defaults, Service: { ...defaults.Service, Port: port } },
    ...options,
    argv: ["-c", folder, ...(options.argv ?? [`-cp=consul.${agent.url}`, `-r=true`])],
  });
  open.push(service);
  return service;
}

function file(text: string, name = "configuration.toml"): void {
  writeFileSync(join(folder, name), text);
}

async function put(key: string, value: string): Promise<void> {
  await fetch(`${agent.url}/v1/kv/edgex/core/1.0/${serviceKey}/${key}`, { method: "PUT", body: value });
}

async function stored(key: string): Promise<string | undefined> {
  const answer = await fetch(`${agent.url}/v1/kv/edgex/core/1.0/${serviceKey}/${key}?raw`);
  return answer.status === 200 ? answer.text() : undefined;
}

async function registeredPort(): Promise<number | undefined> {
  const services = (await (await fetch(`${agent.url}/v1/agent/services`)).json()) as Record<string, { Port: number }>;
  return services[serviceKey]?.Port;
}

describe("the configuration", () => {
  test("is pushed when none is stored: the file's, with the environment's over it", async () => {
    file('[Writable]\nLogLevel = "WARN"\n[Clients.CoreData]\nPort = 1\n');
    const service = await start({ env: { CLIENTS_COREDATA_PORT: "2" } });
    expect(service.configuration.Writable).toEqual({ LogLevel: "WARN", Limit: 10 });
    expect(await stored("Writable/LogLevel")).toBe("WARN");
    expect(await stored("Clients/CoreData/Port")).toBe("2");
    expect(await stored("Labels/0")).toBe("one");
  });
});

test("smoke", async () => {
  file("");
  const service = await start();
  expect(await registeredPort()).toBe(service.configuration.Service.Port);
  const updates: object[] = [];
  service.onWritableChange((writable) => updates.push(writable));
  await put("Writable/LogLevel", "DEBUG");
  await within(5_000, async () => expect(updates).toEqual([{ LogLevel: "DEBUG", Limit: 10 }]));
  await service.stop();
  expect(await registeredPort()).toBeUndefined();
});
