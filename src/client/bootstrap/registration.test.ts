import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { once } from "node:events";
import { createServer } from "node:http";
import { freePorts } from "../../../test/support/free-ports.ts";
import { startTarget, type Target } from "../../../test/support/target.ts";
import { within } from "../../../test/support/within.ts";
import { bootstrap, type BootstrapOptions, type Service } from "./bootstrap.ts";
import type { ServiceConfiguration } from "./service-configuration.ts";

/* Tests of registered services whose registration or assigned port changes. The agent is real and keeps all in memory. */

let agent: Target;
let serviceKey: string;
let number = 0;
let ports: { readonly old: number; readonly assigned: number };
const open: Service<ServiceConfiguration>[] = [];
const said: string[] = [];
/** The service's operations on its listeners, in order: "open 48080", "close 48080". */
const listening: string[] = [];

beforeAll(async () => {
  agent = await startTarget("-dev");
});
afterAll(async () => agent.stop());
beforeEach(async () => {
  serviceKey = `registered-${(number += 1)}`;
  const [old = 0, assigned = 0] = await freePorts(2);
  ports = { old, assigned };
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((service) => service.stop()));
  said.length = 0;
  listening.length = 0;
});

async function listen(port: number): Promise<() => void> {
  const server = createServer((_request, response) => response.end("pong"));
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  listening.push(`open ${port}`);
  return () => {
    server.close();
    listening.push(`close ${port}`);
  };
}

async function start(
  options: Partial<BootstrapOptions<ServiceConfiguration>> = {},
): Promise<Service<ServiceConfiguration>> {
  const say = (line: string): void => void said.push(line);
  const service = await bootstrap({
    ...{ serviceKey, listen, env: {}, log: { debug: () => {}, info: say, warn: say, error: say } },
    defaults: { Service: { Host: "127.0.0.1", Port: ports.old, CheckInterval: "1s" } },
    argv: [`-r=consul.${agent.url}`],
    ...options,
  });
  open.push(service);
  await untilRegistered(ports.old);
  return service;
}

/** Writes a port record with state pending, as the registry does. */
async function writePending(revision = 1): Promise<void> {
  const record = {
    ...{ id: "c1", revision, service: serviceKey, host: "127.0.0.1", oldPort: ports.old, newPort: ports.assigned },
    ...{ owner: "other", reason: "it is other's", at: "2026-01-01T00:00:00Z", state: "pending" },
  };
  await put(`kv/edgex/registry/ports/${serviceKey}`, JSON.stringify(record));
}

async function put(path: string, body = ""): Promise<void> {
  expect((await fetch(`${agent.url}/v1/${path}`, { method: "PUT", body })).status).toBe(200);
}

async function registeredPort(): Promise<number | undefined> {
  const services = (await (await fetch(`${agent.url}/v1/agent/services`)).json()) as Record<string, { Port: number }>;
  return services[serviceKey]?.Port;
}

/** Resolves when the service is registered on this port and its check passes there. */
async function untilRegistered(port: number): Promise<void> {
  await within(10_000, async () => {
    expect(await registeredPort()).toBe(port);
    const checks = (await (await fetch(`${agent.url}/v1/agent/checks`)).json()) as Record<string, object>;
    const output = expect.stringContaining(`:${port}/`);
    expect(checks[`Health Check: ${serviceKey}`]).toMatchObject({ Status: "passing", Output: output });
  });
}

const untilSaid = (text: string): Promise<void> => within(10_000, async () => expect(said.join("\n")).toContain(text));

describe("a port that the registry assigns", () => {
  test("moves the service: the new listener opens before the old one closes, then the new port is registered", async () => {
    const service = await start();
    await writePending();
    await untilRegistered(ports.assigned);
    expect(listening).toEqual([`open ${ports.old}`, `open ${ports.assigned}`, `close ${ports.old}`]);
    expect(service.configuration.Service.Port).toBe(ports.assigned);
    expect(said).toContain(
      `moved from port ${ports.old} to ${ports.assigned}, which the registry has assigned: it is other's`,
    );
  });

  test("moves the service once, even if the registry names the port twice", async () => {
    await start();
    await writePending();
    await untilRegistered(ports.assigned);
    await writePending();
    await put(`kv/edgex/registry/ports/${serviceKey}`, "a later record");
    await untilSaid("the record of the service's port cannot be read");
    expect(listening).toHaveLength(3);
  });

  test("that another program uses is logged and leaves the service on its port, until the port record changes", async () => {
    const service = await start();
    const release = await listen(ports.assigned);
    await writePending();
    await untilSaid(
      `the service stays on port ${ports.old}, asked for ${ports.assigned}: another program listens on port ${ports.assigned}`,
    );
    expect(service.configuration.Service.Port).toBe(ports.old);
    await untilRegistered(ports.old);
    release();
    await writePending(2);
    await untilRegistered(ports.assigned);
  });

  test("is ignored if the environment sets the service's port", async () => {
    const service = await start({ env: { SERVICE_PORT: `${ports.old}` } });
    await writePending();
    await untilSaid(`stays on port ${ports.old}, asked for ${ports.assigned}: the environment has set it`);
    expect(service.configuration.Service.Port).toBe(ports.old);
    expect(listening).toEqual([`open ${ports.old}`]);
  });

  test("that arrives while the service stops leaves no listener open and no service registered", async () => {
    const opening = Promise.withResolvers<void>();
    const mayOpen = Promise.withResolvers<void>();
    const service = await start({
      async listen(port) {
        if (port === ports.assigned) {
          opening.resolve();
          await mayOpen.promise;
        }
        return listen(port);
      },
    });
    await writePending();
    await opening.promise;
    const stopped = service.stop();
    mayOpen.resolve();
    await stopped;
    expect(listening.toSorted()).toEqual(
      [ports.old, ports.assigned].flatMap((port) => [`open ${port}`, `close ${port}`]).toSorted(),
    );
    expect(await registeredPort()).toBeUndefined();
  });
});

describe("bootstrap registers a service again", () => {
  const lost = "the registry does not know this service any more: it is registered again";

  test("after another client has deregistered it, and watches its assigned port again", async () => {
    await start();
    await put(`agent/service/deregister/${serviceKey}`);
    await untilSaid(lost);
    await untilRegistered(ports.old);
    await put(`agent/service/deregister/${serviceKey}`);
    await untilRegistered(ports.old);
    await writePending();
    await untilRegistered(ports.assigned);
    expect(listening).toHaveLength(3);
  });

  test("on its present port, after the registry has lost its data", async () => {
    await start();
    await writePending();
    await untilRegistered(ports.assigned);
    await agent.restart("SIGKILL");
    await untilSaid(lost);
    await untilRegistered(ports.assigned);
  });
});
