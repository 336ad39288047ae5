import { describe, expect, test } from "bun:test";
import { serviceWith, startTestAgent, type TestAgent } from "../../test/support/agent.ts";
import { rejectionOf } from "../../test/support/rejection.ts";
import { nodeMaintenanceId, serviceMaintenancePrefix } from "../model/check-reason.ts";
import { syncCatalog } from "./anti-entropy.ts";
import {
  disableNodeMaintenance,
  disableServiceMaintenance,
  enableNodeMaintenance,
  enableServiceMaintenance,
} from "./maintenance.ts";
import { serviceHealth } from "./service-health.ts";

const webMaintenanceId = `${serviceMaintenancePrefix}web`;

async function startWithWeb(): Promise<TestAgent> {
  const world = await startTestAgent();
  await world.agent.registerService(serviceWith("web", ["up"]), { source: "api" });
  await world.agent.updateTtl("up", "passing", "");
  return world;
}

describe("a service in maintenance mode", () => {
  test("has a critical check with the reason as notes, until maintenance ends", async () => {
    const { agent, statusInCatalog } = await startWithWeb();
    await enableServiceMaintenance(agent, "web", { reason: "new disk" });
    expect(agent.checks.get(webMaintenanceId)).toMatchObject({ status: "critical", definition: { notes: "new disk" } });
    expect(statusInCatalog(webMaintenanceId)).toBe("critical");
    await disableServiceMaintenance(agent, "web");
    expect([agent.checks.has(webMaintenanceId), statusInCatalog(webMaintenanceId)]).toEqual([false, undefined]);
  });

  test("keeps the first reason when maintenance is enabled again", async () => {
    const { agent, engine } = await startWithWeb();
    await enableServiceMaintenance(agent, "web", { reason: "first" });
    const batches = engine.batches.length;
    await enableServiceMaintenance(agent, "web", { reason: "second" });
    expect(engine.batches).toHaveLength(batches);
    expect(agent.checks.get(webMaintenanceId)?.definition.notes).toBe("first");
  });

  test("stays in maintenance mode over a restart of the agent and a round of anti-entropy", async () => {
    const world = await startWithWeb();
    await enableServiceMaintenance(world.agent, "web", { reason: "new disk" });
    const { agent } = await world.restarted();
    expect(agent.checks.get(webMaintenanceId)).toMatchObject({ type: "maintenance", status: "critical" });
    expect(await syncCatalog(agent)).toBe(0);
    await disableServiceMaintenance(agent, "web");
    expect([...(await world.restarted()).agent.checks.keys()]).toEqual(["up"]);
  });

  test("loses its maintenance check when the service is deregistered", async () => {
    const { agent } = await startWithWeb();
    await enableServiceMaintenance(agent, "web", { reason: "" });
    await agent.deregisterService("web");
    expect(agent.checks.size).toBe(0);
  });

  test("can enter and leave that mode only while registered with this agent; otherwise the error is not-found", async () => {
    const { agent } = await startWithWeb();
    for (const change of [
      enableServiceMaintenance(agent, "db", { reason: "" }),
      disableServiceMaintenance(agent, "db"),
    ]) {
      const error = await rejectionOf(change);
      expect(error).toMatchObject({ kind: "not-found", message: 'No service registered with ID "db"' });
    }
  });
});

describe("a node in maintenance mode", () => {
  test("has a critical check whose notes are the default text if no reason was given", async () => {
    const { agent, statusInCatalog } = await startWithWeb();
    await enableNodeMaintenance(agent, "");
    expect(statusInCatalog(nodeMaintenanceId)).toBe("critical");
    expect(agent.checks.get(nodeMaintenanceId)?.definition.notes).toContain("no reason was provided");
    await disableNodeMaintenance(agent);
    await disableNodeMaintenance(agent);
    expect(statusInCatalog(nodeMaintenanceId)).toBeUndefined();
  });

  test("does not leave maintenance mode by a TTL update of its maintenance check", async () => {
    const { agent } = await startWithWeb();
    await enableNodeMaintenance(agent, "");
    expect(await rejectionOf(agent.updateTtl(nodeMaintenanceId, "passing", ""))).toMatchObject({ kind: "not-found" });
  });

  test("is put into that mode only if its maintenance check can be made durable", async () => {
    const { agent, engine } = await startWithWeb();
    engine.fail();
    await rejectionOf(enableNodeMaintenance(agent, ""));
    expect(agent.checks.has(nodeMaintenanceId)).toBe(false);
  });
});

test.each([
  ["a service", (agent: TestAgent["agent"]) => enableServiceMaintenance(agent, "web", { reason: "" })],
  ["the node", (agent: TestAgent["agent"]) => enableNodeMaintenance(agent, "")],
])(
  "a service has the status maintenance while %s is in maintenance mode, even if other checks pass",
  async (_name, enable) => {
    const { agent } = await startWithWeb();
    const { service } = serviceWith("web", []);
    expect(serviceHealth(agent, service).status).toBe("passing");
    await enable(agent);
    expect(serviceHealth(agent, service).status).toBe("maintenance");
  },
);
