import { describe, expect, test } from "bun:test";
import { serviceWith, startTestAgent, ttlCheck, type TestAgent } from "../../test/support/agent.ts";
import { rejectionOf } from "../../test/support/rejection.ts";
import { createLog } from "../lib/log.ts";
import type { ServiceDefinition } from "../model/service.ts";
import { type Defined, FileDefinitions } from "./file-definitions.ts";

async function start(
  options?: Parameters<typeof startTestAgent>[0],
): Promise<TestAgent & { readonly definitions: FileDefinitions }> {
  const world = await startTestAgent(options);
  return { ...world, definitions: definitionsOf(world) };
}

function definitionsOf({ agent, clock, log }: TestAgent): FileDefinitions {
  const sink = (line: string): void => void log.push(line);
  return new FileDefinitions(agent, createLog({ level: "warn", json: false, clock, sink }, "agent"));
}

function defined(services: Defined["services"], checks: Defined["checks"] = []): Defined {
  const all = [...services, ...checks];
  return { services, checks, origins: new Map(all.map((each, at) => [each, `a.hcl:${at + 1}:1`])), faults: [] };
}

function withSidecar(name: string): ServiceDefinition {
  const { service } = serviceWith(`${name}-sidecar-proxy`, [], { kind: "connect-proxy", port: 0 });
  return { ...serviceWith(name, []), sidecar: { service, checks: [] } };
}

describe("definitions from files", () => {
  test("replace earlier definitions from files, but no registration from the API", async () => {
    const { agent, definitions } = await start();
    await agent.registerService(serviceWith("api", []), { source: "api" });
    await definitions.apply(defined([serviceWith("a", ["a-up"]), serviceWith("b", ["b-up"])]));
    await definitions.apply(defined([serviceWith("b", [])], [ttlCheck("disk")]));
    expect([...agent.services.keys(), ...agent.checks.keys()]).toEqual(["api", "b", "disk"]);
  });

  test("keep the status of a check that they still define", async () => {
    const { agent, definitions } = await start();
    await definitions.apply(defined([serviceWith("a", ["up"])]));
    await agent.updateTtl("up", "passing", "");
    await definitions.apply(defined([serviceWith("a", ["up"], { port: 81 })]));
    expect(agent.checks.get("up")?.status).toBe("passing");
  });

  test.each([
    ["a check of an unknown service", defined([], [ttlCheck("up", { serviceId: "nope" })])],
    [
      "a script check while scripts are disabled",
      defined(
        [serviceWith("new", [])],
        [ttlCheck("s", { method: { kind: "script", args: ["true"], intervalMs: 1e9, timeoutMs: 1e3 } })],
      ),
    ],
  ])("are all refused when one of them is %s", async (_name, next) => {
    const { agent, definitions } = await start();
    await definitions.apply(defined([serviceWith("a", ["up"])]));
    expect(await rejectionOf(definitions.apply(next))).toMatchObject({ code: "unusable-definition" });
    expect([...agent.services.keys(), ...agent.checks.keys()]).toEqual(["a", "up"]);
  });

  test("are applied one reload after the other, and a reload that fails does not prevent the next", async () => {
    const { agent, definitions } = await start();
    const failed = rejectionOf(definitions.apply(defined([], [ttlCheck("up", { serviceId: "nope" })])));
    await Promise.all([
      failed,
      definitions.apply(defined([serviceWith("a", [])])),
      definitions.apply(defined([serviceWith("b", [])])),
    ]);
    expect([...agent.services.keys()]).toEqual(["b"]);
  });
});

describe("the start of an agent with configuration files", () => {
  test("logs each definition that cannot be registered with its file and line, and registers the others", async () => {
    const { agent, definitions, log } = await start();
    const script = { kind: "script", args: ["true"], intervalMs: 1e9, timeoutMs: 1e3 } as const;
    const checks = [ttlCheck("up", { serviceId: "nope" }), ttlCheck("disk"), ttlCheck("s", { method: script })];
    const faults = [{ where: "b.hcl:1:1", message: 'service "x": Missing service name' }];
    await definitions.start({ ...defined([serviceWith("a", [])], checks), faults });
    expect([...agent.services.keys(), ...agent.checks.keys()]).toEqual(["a", "disk"]);
    expect(definitions.faults).toEqual([
      ...faults,
      { where: "a.hcl:2:1", message: 'Failed to register check "up": ServiceID "nope" does not exist' },
      { where: "a.hcl:4:1", message: expect.stringContaining('Failed to register check "s": Scripts are disabled') },
    ]);
    expect(log.filter((line) => line.includes("A definition cannot be used as it is"))).toHaveLength(3);
  });

  test("fails if the disk refuses writes", async () => {
    const { definitions, engine } = await start();
    engine.fail();
    expect(await rejectionOf(definitions.start(defined([serviceWith("a", [])])))).toMatchObject({ code: "disk-full" });
  });
});

describe("a sidecar that a configuration file defines", () => {
  test("is registered with its service, keeps its port over reloads, and is removed when its block is removed", async () => {
    const { agent, definitions } = await start();
    await definitions.start(defined([withSidecar("a"), withSidecar("b")]));
    const ports = (): unknown[] => [...agent.services.values()].map(({ service }) => [service.id, service.port]);
    expect(ports()).toEqual([
      ["a", 80],
      ["a-sidecar-proxy", 21_000],
      ["b", 80],
      ["b-sidecar-proxy", 21_001],
    ]);
    await definitions.apply(
      defined([serviceWith("a", []), withSidecar("b")], [ttlCheck("c", { serviceId: "b-sidecar-proxy" })]),
    );
    expect(ports()).toEqual([
      ["a", 80],
      ["b", 80],
      ["b-sidecar-proxy", 21_001],
    ]);
    expect([...agent.checks.keys()]).toEqual(["service:b-sidecar-proxy:1", "service:b-sidecar-proxy:2", "c"]);
  });

  test("is skipped with its service if no port is free at the start; a reload without a free port fails", async () => {
    const { agent, definitions } = await start({ sidecarPorts: { first: 21_000, last: 21_000 } });
    await definitions.start(defined([withSidecar("a"), withSidecar("b")]));
    expect([...agent.services.keys()]).toEqual(["a", "a-sidecar-proxy"]);
    expect(definitions.faults).toMatchObject([{ where: "a.hcl:2:1" }]);
    const error = await rejectionOf(definitions.apply(defined([withSidecar("b"), withSidecar("c")])));
    expect(String(error)).toContain("none left in the configured range [21000, 21000]");
    expect([...agent.services.keys()]).toEqual(["a", "a-sidecar-proxy"]);
  });
});

test("a sidecar that the API registered keeps its port over a restart, and is removed with its service", async () => {
  const { agent, restarted } = await start();
  await Promise.all(["a", "b"].map((name) => agent.registerService(withSidecar(name), { source: "api" })));
  expect([...agent.services.values()].map(({ service }) => service.port)).toEqual([80, 21_000, 80, 21_001]);
  const again = await restarted();
  await again.agent.registerService(withSidecar("b"), { source: "api" });
  expect(again.agent.services.get("b-sidecar-proxy")?.service.port).toBe(21_001);
  await again.agent.deregisterService("a");
  expect([...again.agent.services.keys()]).toEqual(["b", "b-sidecar-proxy"]);
  expect(again.servicesInCatalog()).toEqual(["b", "b-sidecar-proxy"]);
});

test("a check that the API added to a service of a file is removed at the first start without the file", async () => {
  const { agent, definitions, restarted } = await start();
  await definitions.apply(defined([serviceWith("a", [])]));
  await agent.registerCheck(ttlCheck("up", { serviceId: "a" }), "api");
  const again = await restarted();
  expect([...again.agent.checks.keys()]).toEqual(["up"]);
  await definitionsOf(again).start(defined([]));
  expect(again.agent.checks.size).toBe(0);
  expect((await again.restarted()).agent.checks.size).toBe(0);
});
