import { describe, expect, test } from "bun:test";
import { serviceWith, startTestAgent, ttlCheck, type TestAgent } from "../../test/support/agent.ts";
import { rejectionOf } from "../../test/support/rejection.ts";
import { createLog } from "../lib/log.ts";
import { FileDefinitions } from "./file-definitions.ts";

async function start(): Promise<TestAgent & { readonly definitions: FileDefinitions }> {
  const world = await startTestAgent();
  const log = createLog({ level: "error", json: false, clock: world.clock, sink: () => {} }, "agent");
  return { ...world, definitions: new FileDefinitions(world.agent, log) };
}

describe("definitions from files", () => {
  test("replace what earlier ones defined, and leave alone what the API registered", async () => {
    const { agent, definitions } = await start();
    await agent.registerService(serviceWith("api", []), { source: "api" });
    await definitions.apply({ services: [serviceWith("a", ["a-up"]), serviceWith("b", ["b-up"])], checks: [] });
    await definitions.apply({ services: [serviceWith("b", [])], checks: [ttlCheck("disk")] });
    expect([...agent.services.keys(), ...agent.checks.keys()]).toEqual(["api", "b", "disk"]);
  });

  test("keep the status of checks that stay", async () => {
    const { agent, definitions } = await start();
    await definitions.apply({ services: [serviceWith("a", ["up"])], checks: [] });
    await agent.updateTtl("up", "passing", "");
    await definitions.apply({ services: [serviceWith("a", ["up"], { port: 81 })], checks: [] });
    expect(agent.checks.get("up")?.status).toBe("passing");
  });

  test.each([
    ["a check of a service that is not there", { services: [], checks: [ttlCheck("up", { serviceId: "nope" })] }],
    [
      "a script, when scripts are disabled",
      {
        services: [serviceWith("new", [])],
        checks: [ttlCheck("s", { method: { kind: "script", args: ["true"], intervalMs: 1e9, timeoutMs: 1e3 } })],
      },
    ],
  ])("are refused as a whole for %s", async (_name, defined) => {
    const { agent, definitions } = await start();
    await definitions.apply({ services: [serviceWith("a", ["up"])], checks: [] });
    expect(await rejectionOf(definitions.apply(defined))).toMatchObject({ code: "unusable-definition" });
    expect([...agent.services.keys(), ...agent.checks.keys()]).toEqual(["a", "up"]);
  });

  test("are taken up one call after the other, and one that fails does not stop the next", async () => {
    const { agent, definitions } = await start();
    const failed = rejectionOf(definitions.apply({ services: [], checks: [ttlCheck("up", { serviceId: "nope" })] }));
    await Promise.all([
      failed,
      definitions.apply({ services: [serviceWith("a", [])], checks: [] }),
      definitions.apply({ services: [serviceWith("b", [])], checks: [] }),
    ]);
    expect([...agent.services.keys()]).toEqual(["b"]);
  });
});

test("a check that the API gave to a service of a file goes with the file, at the next start", async () => {
  const { agent, definitions, restarted } = await start();
  await definitions.apply({ services: [serviceWith("a", [])], checks: [] });
  await agent.registerCheck(ttlCheck("up", { serviceId: "a" }), "api");
  const again = await restarted();
  expect([...again.agent.checks.keys()]).toEqual(["up"]);
  await again.agent.dropOrphans();
  expect(again.agent.checks.size).toBe(0);
  expect((await again.restarted()).agent.checks.size).toBe(0);
});
