import { describe, expect, test } from "bun:test";
import { serviceWith, startTestAgent, type TestAgent } from "../../test/support/agent.ts";
import { rejectionOf } from "../../test/support/rejection.ts";
import { settle } from "../../test/support/settle.ts";

const limitMs = 10_100;

async function agentWithService(): Promise<TestAgent> {
  const world = await startTestAgent();
  await world.agent.registerService(serviceWith("old", ["c"]), { source: "api" });
  return world;
}

/** Makes a change while the disk does not answer in time, and expects the error for an unconfirmed change. */
async function unconfirmed({ engine, clock }: TestAgent, change: () => Promise<void>): Promise<void> {
  engine.hold();
  const rejection = rejectionOf(change());
  await settle();
  await clock.advance(limitMs);
  expect(await rejection).toMatchObject({ code: "write-unconfirmed" });
}

function shownBy({ agent, servicesInCatalog }: TestAgent): object {
  return { agent: [...agent.services.keys()], catalog: servicesInCatalog() };
}

describe("a change that the disk confirms too late", () => {
  test.each([
    [
      "registration",
      (world: TestAgent) => world.agent.registerService(serviceWith("new", []), { source: "api" }),
      ["old", "new"],
    ],
    ["deregistration", (world: TestAgent) => world.agent.deregisterService("old"), []],
  ] as const)("(a %s) is in agent and catalog a second later, and after a restart", async (_, change, services) => {
    const world = await agentWithService();
    await unconfirmed(world, () => change(world));
    world.engine.release();
    await settle();
    await world.clock.advance(1_000);
    const both = { agent: services, catalog: [...services].toSorted() };
    expect(shownBy(world)).toEqual(both);
    expect(shownBy(await world.restarted())).toEqual({
      agent: expect.arrayContaining([...services]),
      catalog: both.catalog,
    });
  });

  test("makes other changes of the same service fail until its result is known, but no change of another service", async () => {
    const world = await agentWithService();
    await unconfirmed(world, () => world.agent.registerService(serviceWith("new", []), { source: "api" }));
    world.engine.release();
    await settle();
    expect(await rejectionOf(world.agent.deregisterService("new"))).toMatchObject({ code: "change-unknown" });
    await world.agent.registerService(serviceWith("other", []), { source: "api" });
    await world.clock.advance(1_000);
    await world.agent.deregisterService("new");
    expect([...world.agent.services.keys()]).toEqual(["old", "other"]);
  });

  test("is retried until the disk answers or the agent stops", async () => {
    const world = await agentWithService();
    const { timerCount } = world.clock;
    await unconfirmed(world, () => world.agent.deregisterService("old"));
    await world.clock.advance(60_000);
    expect(world.clock.timerCount).toBe(timerCount + 1);
    world.agent.stop();
    world.engine.release();
    await world.clock.advance(60_000);
    expect(world.clock.timerCount).toBe(0);
  });
});
