import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { ConfigurationClient } from "../../src/client/configuration-client.ts";
import { HttpClient } from "../../src/client/http.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { openSandbox, type AgentProcess } from "../support/agent-process.ts";
import { freePorts } from "../support/free-ports.ts";
import { within } from "../support/within.ts";

const sandbox = openSandbox();
const running: Bun.Server<undefined>[] = [];
const soonMs = 15_000;
let free: readonly number[] = [];

beforeEach(async () => {
  free = await freePorts(6);
});

afterAll(async () => {
  for (const server of running) await server.stop(true);
  await sandbox.close();
});

/** Returns the port that the services want. `given` returns the only port that the agent may assign. */
const wanted = (): number => free[0] ?? 0;
const given = (): number => free[1] ?? 0;

async function startAgent(policy: string, more: readonly string[] = []): Promise<AgentProcess> {
  const range = `${given()}-${given()}`;
  const ports = `edgex { ports { policy = "${policy}", range = "${range}" } }`;
  const agent = await sandbox.start("-hcl", ports, ...(more.length > 0 ? more : ["-dev"]));
  await agent.ready();
  return agent;
}

interface StartedService {
  readonly port: number;
  /** Whether the service listens. A service whose port was in use keeps running unreachable, as EdgeX's services do. */
  readonly listens: boolean;
  /** Stops the service gracefully: it deregisters from `now`, which a test passes if the agent has been restarted. */
  stop(now?: AgentProcess): Promise<void>;
}

/**
 * Starts a service as EdgeX's Go services start: it stores or reads its configuration, registers, and then opens its listener. It
 * does not report a listener that fails.
 */
async function startService(agent: AgentProcess, name: string, port: number): Promise<StartedService> {
  const http = new HttpClient({ baseUrl: agent.url, clock: systemClock });
  const store = new ConfigurationClient({ http, basePath: `edgex/core/1.0/${name}` });
  const file = { Service: { Host: "localhost", Port: port }, Writable: { LogLevel: "INFO" } };
  const isStored = await store.hasConfiguration();
  const { Service } = isStored ? await store.getConfiguration(file) : file;
  if (!isStored) await store.putConfiguration(file, { overwrite: true });
  await register(agent, name, Service.Port);
  const server = listen(Service.Port);
  return {
    port: Service.Port,
    listens: server !== undefined,
    async stop(now = agent) {
      await server?.stop(true);
      await now.send("PUT", `/v1/agent/service/deregister/${name}`);
    },
  };
}

async function register(agent: AgentProcess, name: string, port: number): Promise<void> {
  const headers = { "User-Agent": "Go-http-client/1.1" };
  const service = { Name: name, Port: port, Address: "localhost", Check: null, Checks: null };
  const answer = await agent.send("PUT", "/v1/agent/service/register", { body: service, headers });
  expect(answer.status).toBe(200);
  const check = { Name: `Health Check: ${name}`, ServiceID: name, Interval: "1s" };
  const url = `http://localhost:${port}/api/v1/ping`;
  await agent.send("PUT", "/v1/agent/check/register", { body: { ...check, HTTP: url }, headers });
}

function listen(port: number): Bun.Server<undefined> | undefined {
  try {
    const server = Bun.serve({ hostname: "127.0.0.1", port, reusePort: false, fetch: () => new Response("pong") });
    running.push(server);
    return server;
  } catch {
    return undefined;
  }
}

async function passing(agent: AgentProcess, name: string): Promise<readonly number[]> {
  const { json } = await agent.send("GET", `/v1/health/service/${name}?passing`);
  return (json as { readonly Service: { readonly Port: number } }[]).map(({ Service }) => Service.Port);
}

async function expectPassing(agent: AgentProcess, name: string, port: number): Promise<void> {
  await within(soonMs, async () => expect(await passing(agent, name)).toEqual([port]));
}

async function record(agent: AgentProcess, name: string): Promise<unknown> {
  return (await agent.send("GET", `/v1/praetor/ports/${name}`)).json;
}

describe("two services of one gateway that want the same port", () => {
  test("get different ports when the second service restarts, become healthy, and are found by other services", async () => {
    const agent = await startAgent("reassign");
    const first = await startService(agent, "first", wanted());
    const zombie = await startService(agent, "second", wanted());
    expect([first.listens, zombie.listens]).toEqual([true, false]);
    await expectPassing(agent, "first", wanted());
    // The first service also answers the second one's check on the same port, so that check is passing.
    await within(soonMs, async () => {
      const checks = (await agent.send("GET", "/v1/health/checks/second")).json;
      expect(checks).toMatchObject([{ Name: "Port Conflict", Status: "critical" }, { Status: "passing" }]);
    });
    expect(await passing(agent, "second")).toEqual([]);
    await zombie.stop();

    const second = await startService(agent, "second", wanted());
    expect(second).toMatchObject({ port: given(), listens: true });
    await expectPassing(agent, "second", given());
    await expectPassing(agent, "first", wanted());
    const { json } = await agent.send("GET", "/v1/agent/services");
    expect(json).toMatchObject({ first: { Port: wanted() }, second: { Port: given() } });
    expect(await record(agent, "second")).toMatchObject({ state: "active", oldPort: wanted(), newPort: given() });
    const { output } = await sandbox.run("ports", `-http-addr=${agent.url}`);
    expect(output).toMatch(new RegExp(`second +localhost +${wanted()} +${given()} +active +first`));
    await first.stop();
    await second.stop();
  });

  test("keep an assigned port over a restart of the agent and of the service", async () => {
    const folder = ["-data-dir", join(sandbox.folder, "kept")];
    const before = await startAgent("reassign", folder);
    const first = await startService(before, "first", wanted());
    await (await startService(before, "second", wanted())).stop();
    const second = await startService(before, "second", wanted());
    before.signal("SIGKILL");
    await before.ended();

    const after = await startAgent("reassign", folder);
    expect(await record(after, "second")).toMatchObject({ state: "active", newPort: given() });
    await expectPassing(after, "second", given());
    await second.stop(after);
    const again = await startService(after, "second", wanted());
    expect(again).toMatchObject({ port: given(), listens: true });
    await again.stop();
    await first.stop(after);
  });
});

test("a service whose port another program uses reads an assigned port at its next start", async () => {
  const program = listen(wanted());
  const agent = await startAgent("reassign");
  const zombie = await startService(agent, "web", wanted());
  expect(zombie.listens).toBe(false);
  expect(await record(agent, "web")).toMatchObject({ state: "pending", owner: "another program" });
  // The program that uses the port also answers the service's check, so the check is passing.
  await within(soonMs, async () => {
    const { json } = await agent.send("GET", "/v1/health/checks/web?filter=Status+==+passing");
    expect(json).toHaveLength(1);
  });
  expect(await passing(agent, "web")).toEqual([]);
  await zombie.stop();
  const web = await startService(agent, "web", wanted());
  expect(web).toMatchObject({ port: given(), listens: true });
  await expectPassing(agent, "web", given());
  await web.stop();
  await program?.stop(true);
});

test("an agent that is killed before it has sent a service's new port to the notice URL sends it after a restart", async () => {
  const folder = ["-data-dir", join(sandbox.folder, "called")];
  const callbackPort = free[2] ?? 0;
  const before = await startAgent("reassign", folder);
  const Meta = { "edgex-notify-url": `http://127.0.0.1:${callbackPort}/changed` };
  await before.send("PUT", "/v1/agent/service/register", { body: { Name: "first", Port: wanted() } });
  const told = await before.send("PUT", "/v1/agent/service/register", {
    body: { Name: "aware", Port: wanted(), Meta },
  });
  expect(told.header("X-EdgeX-Port-Changed")).toBe(`${wanted()}->${given()}`);
  before.signal("SIGKILL");
  await before.ended();

  const calls: unknown[] = [];
  const fetch = async (request: Request): Promise<Response> => {
    calls.push(await request.json());
    return new Response();
  };
  running.push(Bun.serve({ hostname: "127.0.0.1", port: callbackPort, fetch }));
  const after = await startAgent("reassign", folder);
  await within(soonMs, async () => expect(calls).toHaveLength(1));
  expect(calls).toEqual([await record(after, "aware")]);
  await after.send("PUT", "/v1/agent/service/register", { body: { Name: "aware", Port: given() } });
  expect(await record(after, "aware")).toMatchObject({ state: "active", revision: 2 });
});

test("by default the agent records and logs a port conflict, and does nothing else", async () => {
  const agent = await sandbox.start("-dev");
  await agent.ready();
  for (const Name of ["first", "second"]) {
    const answer = await agent.send("PUT", "/v1/agent/service/register", { body: { Name, Port: wanted() } });
    expect([answer.status, answer.text]).toEqual([200, ""]);
  }
  expect(await passing(agent, "second")).toEqual([wanted()]);
  expect(await record(agent, "second")).toMatchObject({ state: "conflict", owner: "first", newPort: 0 });
  expect(agent.output()).toContain("[WARN]  agent.ports: Service wants a port that has another owner: service=second");
});
