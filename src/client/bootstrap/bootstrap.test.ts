import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePorts } from "../../../test/support/free-ports.ts";
import { rejectionOf } from "../../../test/support/rejection.ts";
import { startTarget, type Target } from "../../../test/support/target.ts";
import { within } from "../../../test/support/within.ts";
import type { KvOriginJson } from "../../wire/kv-history.ts";
import { bootstrap, type BootstrapOptions, type Service } from "./bootstrap.ts";

/* Tests of services that start with a real agent, real files and real sockets. */

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

async function serve(port: number): Promise<() => void> {
  const server = createServer((_request, response) => response.end("pong"));
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return () => void server.close();
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

/** Returns the origins of the service's keys with a prefix, when the registration is in the catalog. */
async function originsOf(prefix: string): Promise<readonly KvOriginJson[]> {
  const base = `edgex/core/1.0/${serviceKey}/`;
  await within(5_000, async () => {
    const instances = (await (await fetch(`${agent.url}/v1/catalog/service/${serviceKey}`)).json()) as unknown[];
    expect(instances).toHaveLength(1);
  });
  const answer = await fetch(`${agent.url}/v1/praetor/kv-origin/${base}${prefix}?recurse`);
  const origins = (await answer.json()) as readonly KvOriginJson[];
  return origins.map((origin) => ({ ...origin, Key: origin.Key.slice(base.length) }));
}

async function registeredPort(): Promise<number | undefined> {
  const services = (await (await fetch(`${agent.url}/v1/agent/services`)).json()) as Record<string, { Port: number }>;
  return services[serviceKey]?.Port;
}

/** Resolves when the service's Writable has this value. */
function expectWritable(service: Service<Defaults>, expected: Partial<Defaults["Writable"]>): Promise<void> {
  return within(5_000, async () => expect(service.configuration.Writable).toMatchObject(expected));
}

describe("a service's configuration", () => {
  test("is pushed if none is stored, with the file over the defaults and the environment over both", async () => {
    file('[Writable]\nLogLevel = "WARN"\n[Clients.CoreData]\nPort = 1\n');
    const service = await start({ env: { CLIENTS_COREDATA_PORT: "2" } });
    expect(service.configuration.Writable).toEqual({ LogLevel: "WARN", Limit: 10 });
    expect(await stored("Writable/LogLevel")).toBe("WARN");
    expect(await stored("Clients/CoreData/Port")).toBe("2");
    expect(await stored("Labels/0")).toBe("one");
  });

  test("is pushed with the origin of each value, and the registration tells which keys the environment hides", async () => {
    file('[Writable]\nloglevel = "WARN"\n[Clients.CoreData]\nPort = 1\n');
    await start({ env: { CLIENTS_COREDATA_PORT: "2", Labels: "two,three" } });
    const origins = await originsOf("");
    expect(origins.map(({ Key, Origin, HiddenBy }) => [Key, Origin, HiddenBy.map(({ Variable }) => Variable)])).toEqual(
      [
        ["Clients/CoreData/Host", "default", []],
        ["Clients/CoreData/Port", "environment", ["CLIENTS_COREDATA_PORT"]],
        ["Labels/0", "environment", ["Labels"]],
        ["Labels/1", "environment", ["Labels"]],
        ["Service/CheckInterval", "default", []],
        ["Service/Host", "default", []],
        ["Service/Port", "default", []],
        ["Writable/Limit", "default", []],
        ["Writable/LogLevel", "file", []],
      ],
    );
    const [hidden] = await originsOf("Clients/CoreData/Port");
    expect(hidden?.HiddenBy).toEqual([
      { Service: serviceKey, Node: expect.any(String) as string, Variable: "CLIENTS_COREDATA_PORT" },
    ]);
  });

  test("that a variable hides is hidden until a start without the variable", async () => {
    file("");
    await put("Clients/CoreData/Host", "stored");
    const first = await start({ env: { Clients_CoreData_Host: "mine" } });
    expect((await originsOf("Clients/CoreData/Host"))[0]?.HiddenBy).toMatchObject([
      { Variable: "Clients_CoreData_Host" },
    ]);
    await first.stop();
    await start();
    expect((await originsOf("Clients/CoreData/Host"))[0]?.HiddenBy).toEqual([]);
  });

  test("is pulled if one is stored; it overrides the file, and the environment overrides both without being stored", async () => {
    file('[Writable]\nLogLevel = "WARN"\n[Clients.CoreData]\nHost = "file"\nPort = 1\n');
    await put("Clients/CoreData/Host", "stored");
    await put("Clients/CoreData/Port", "3");
    const service = await start({ env: { Clients_CoreData_Port: "2" } });
    expect(service.configuration.Clients.CoreData).toEqual({ Host: "stored", Port: 2 });
    expect(service.configuration.Writable.LogLevel).toBe("WARN");
    expect([await stored("Clients/CoreData/Port"), await stored("Labels/0")]).toEqual(["3", undefined]);
    expect(said).toContain("info the stored configuration differs in Clients.CoreData.Host");
  });

  test("replaces the stored configuration if -o is given", async () => {
    file('[Writable]\nLogLevel = "WARN"\n');
    await put("Writable/LogLevel", "DEBUG");
    const service = await start({ argv: [`-cp=consul.${agent.url}`, "-o"] });
    expect([service.configuration.Writable.LogLevel, await stored("Writable/LogLevel")]).toEqual(["WARN", "WARN"]);
  });

  test("is the local one without -cp and -r, and no agent is called", async () => {
    file("Labels = ['a']");
    const service = await start({ argv: [] });
    expect(service.configuration.Labels).toEqual(["a"]);
    expect(service.registry).toBeUndefined();
    expect([await stored("Labels/0"), await registeredPort()]).toEqual([undefined, undefined]);
  });

  test("is stored below the key prefix that the option configStem sets", async () => {
    file("Labels = ['a']");
    await start({ configStem: "edgex/devices/1.0/" });
    const answer = await fetch(`${agent.url}/v1/kv/edgex/devices/1.0/${serviceKey}/Labels/0?raw`);
    expect(await answer.text()).toBe("a");
  });
});

describe("a service's listener", () => {
  test("opens on the stored port before the service is registered", async () => {
    file("");
    const [port = 0] = await freePorts(1);
    await put("Service/Port", `${port}`);
    const seen: unknown[] = [];
    const service = await start({
      async listen(asked, configuration) {
        seen.push(asked, configuration.Service.Port, await registeredPort());
        return serve(asked);
      },
    });
    expect(seen).toEqual([port, port, undefined]);
    expect([await registeredPort(), service.configuration.Service.Port]).toEqual([port, port]);
  });

  test("opens on the assigned port if another program listens on the stored port", async () => {
    file("");
    const [taken = 0, assigned = 0] = await freePorts(2);
    const release = await serve(taken);
    await put("Service/Port", `${taken}`);
    const service = await start({
      async listen(port) {
        if (port === taken) await put("Service/Port", `${assigned}`); // like a registry that detects the conflict
        return serve(port);
      },
    });
    release();
    expect([await registeredPort(), service.configuration.Service.Port]).toEqual([assigned, assigned]);
  });

  test("that finds no free port fails the start, and nothing stays registered or open", async () => {
    file("");
    const [taken = 0] = await freePorts(1);
    const release = await serve(taken);
    const env = { SERVICE_PORT: `${taken}` };
    const { message } = await rejectionOf(start({ env }));
    release();
    expect(message).toStartWith(
      `another program listens on port ${taken}, and this service's configuration has no other`,
    );
    expect(await registeredPort()).toBeUndefined();
  });
});

describe("a change of Writable", () => {
  test("is passed to the callbacks of onWritableChange after the quiet period; changes of other settings are not", async () => {
    file("");
    const service = await start();
    const received: object[] = [];
    service.onWritableChange((writable) => received.push(writable));
    await put("Clients/CoreData/Host", "elsewhere");
    await put("Writable/LogLevel", "DEBUG");
    await put("Writable/Limit", "5");
    await within(5_000, async () => expect(received).toEqual([{ LogLevel: "DEBUG", Limit: 5 }]));
    expect(service.configuration.Writable.Limit).toBe(5);
    expect(service.configuration.Clients.CoreData.Host).toBe("localhost");
  });

  test("between the pull and the first answer of the watch is not lost", async () => {
    file("");
    const service = await start({
      async listen(port) {
        await put("Writable/LogLevel", "DEBUG");
        return serve(port);
      },
    });
    await expectWritable(service, { LogLevel: "DEBUG" });
  });

  test("does not change settings that the environment overrides", async () => {
    file("");
    const service = await start({ env: { WRITABLE_LOGLEVEL: "TRACE" } });
    await put("Writable/LogLevel", "ERROR");
    await put("Writable/Limit", "7");
    await expectWritable(service, { LogLevel: "TRACE", Limit: 7 });
  });

  test("that cannot be parsed is logged, and the next valid change is applied", async () => {
    file("");
    const service = await start();
    await put("Writable/Limit", "many");
    await within(5_000, async () => expect(said.join("\n")).toContain("cannot parse 'Limit' as number: \"many\""));
    expect(service.configuration.Writable.Limit).toBe(10);
    await put("Writable/Limit", "11");
    await expectWritable(service, { Limit: 11 });
  });

  test("that deletes a key restores its local value", async () => {
    file("[Writable]\nLimit = 20");
    await put("Writable/Limit", "5");
    const service = await start();
    expect(service.configuration.Writable.Limit).toBe(5);
    await fetch(`${agent.url}/v1/kv/edgex/core/1.0/${serviceKey}/Writable?recurse`, { method: "DELETE" });
    await expectWritable(service, { Limit: 20 });
  });

  test("is passed to all callbacks of onWritableChange, even if one of them throws", async () => {
    file("");
    const service = await start();
    const received: number[] = [];
    service.onWritableChange(() => {
      throw new Error("not mine");
    });
    service.onWritableChange(({ Limit }) => received.push(Limit));
    await put("Writable/Limit", "11");
    await within(5_000, async () => expect(received).toEqual([11]));
    expect(said).toContain("error a listener of onWritableChange failed: not mine");
  });
});

describe("stopping a service", () => {
  test("closes the listener, then deregisters the service", async () => {
    file("");
    const registeredAtClose: unknown[] = [];
    const service = await start({
      async listen(port) {
        const close = await serve(port);
        return async () => {
          close();
          registeredAtClose.push(await registeredPort());
        };
      },
    });
    const port = service.configuration.Service.Port;
    expect(service.signal.aborted).toBe(false);
    expect(process.listenerCount("SIGTERM")).toBe(1);
    await Promise.all([service.stop(), service.stop()]);
    expect(service.signal.aborted).toBe(true);
    expect(process.listenerCount("SIGTERM")).toBe(0);
    expect(registeredAtClose).toEqual([port]);
    expect(await registeredPort()).toBeUndefined();
    expect((await rejectionOf(fetch(`http://127.0.0.1:${port}/`))).message).toContain("connect");
  });

  test("logs failures, and does not reject", async () => {
    file("");
    const service = await start({ listen: () => () => Promise.reject(new Error("stuck")) });
    await service.stop();
    expect(said).toContain("error closing the listener: stuck");
    expect(await registeredPort()).toBeUndefined();
  });
});

test("a started service can look up the endpoints of services with its registry client", async () => {
  file("");
  const service = await start();
  const { registry } = service;
  expect(await registry?.getServiceEndpoint(serviceKey)).toMatchObject({ port: service.configuration.Service.Port });
});
