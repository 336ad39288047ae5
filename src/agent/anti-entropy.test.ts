import { describe, expect, test } from "bun:test";
import { serviceWith, startTestAgent, ttlCheck, type TestAgent } from "../../test/support/agent.ts";
import { FakeClock } from "../../test/support/fake-clock.ts";
import { checkNamed, nodeNamed, serviceNamed } from "../../test/support/state.ts";
import { createLog } from "../lib/log.ts";
import type { Check } from "../model/check.ts";
import type { Service } from "../model/service.ts";
import { runAntiEntropy, syncCatalog, syncIntervalMs } from "./anti-entropy.ts";

/** Writes a service and checks to the agent's node in the catalog, as a client of another agent does. */
async function write({ store }: TestAgent, service: Service | undefined, checks: readonly Check[] = []): Promise<void> {
  await store.submit({ type: "register", node: nodeNamed("n1"), skipNodeUpdate: false, service, checks });
}

async function startWithWeb(changes: Partial<Service> = {}): Promise<TestAgent> {
  const world = await startTestAgent();
  await world.agent.registerService(serviceWith("web", ["up"], changes), { source: "api" });
  await world.agent.registerCheck(ttlCheck("disk"), "api");
  return world;
}

/** Expects that the agent and the catalog agree, and that another round of anti-entropy corrects nothing. */
async function expectSynced(world: TestAgent): Promise<void> {
  const batches = world.engine.batches.length;
  expect(await syncCatalog(world.agent)).toBe(0);
  expect(world.engine.batches).toHaveLength(batches);
  expect(world.servicesInCatalog()).toEqual([...world.agent.services.keys()]);
  for (const [id, { status }] of world.agent.checks) expect(world.statusInCatalog(id)).toBe(status);
}

describe("a round of anti-entropy", () => {
  test("writes nothing when the catalog has everything that is registered with the agent", async () => {
    await expectSynced(await startWithWeb());
  });

  test("registers again the services and checks that the catalog has lost", async () => {
    const world = await startWithWeb();
    await world.store.submit({ type: "deregister", node: "n1" });
    expect(await syncCatalog(world.agent)).toBe(3);
    await expectSynced(world);
  });

  test("corrects catalog rows that another client has changed", async () => {
    const world = await startWithWeb();
    await write(world, serviceNamed("web", { port: 1, tags: ["x"] }), [checkNamed("up", { status: "passing" })]);
    await syncCatalog(world.agent);
    await expectSynced(world);
  });

  test("writes a check's status if the earlier write of that status failed", async () => {
    const world = await startWithWeb();
    world.engine.fail();
    world.agent.checkResult("up", { status: "passing", output: "" });
    await world.clock.advance(0);
    world.engine.recover();
    expect(await syncCatalog(world.agent)).toBe(1);
    expect(world.statusInCatalog("up")).toBe("passing");
  });

  test("does not change a catalog row that matches one of two services or checks whose ids differ only in case", async () => {
    const world = await startTestAgent();
    for (const id of ["Web", "web"])
      await world.agent.registerService(serviceWith(id, [`${id}-up`]), { source: "api" });
    await world.agent.registerCheck(ttlCheck("Disk"), "api");
    await world.agent.registerCheck(ttlCheck("disk"), "api");
    expect(await syncCatalog(world.agent)).toBe(0);
    await world.agent.deregisterService("Web");
    expect(await syncCatalog(world.agent)).toBeGreaterThan(0);
    expect(await syncCatalog(world.agent)).toBe(0);
    expect(world.servicesInCatalog()).toEqual(["web"]);
  });

  test("removes catalog rows that the agent does not have, except those of the server itself", async () => {
    const world = await startWithWeb();
    await write(world, serviceNamed("foreign"), [checkNamed("foreign-up", { serviceId: "foreign" })]);
    await write(world, serviceNamed("consul"), [checkNamed("serfHealth", { status: "passing" }), checkNamed("stray")]);
    await syncCatalog(world.agent);
    expect(world.servicesInCatalog()).toEqual(["consul", "web"]);
    expect(["serfHealth", "foreign-up", "stray"].map(world.statusInCatalog)).toEqual(["passing", undefined, undefined]);
  });

  test("does not change rows of other nodes", async () => {
    const world = await startWithWeb();
    const node = nodeNamed("n2");
    await world.store.submit({ type: "register", node, skipNodeUpdate: false, checks: [checkNamed("theirs")] });
    expect(await syncCatalog(world.agent)).toBe(0);
  });

  test("corrects the letter case of a service's id in the catalog, and keeps the service's checks", async () => {
    const world = await startWithWeb();
    await write(world, serviceNamed("WEB"), [checkNamed("UP", { serviceId: "WEB" })]);
    await syncCatalog(world.agent);
    await expectSynced(world);
  });
});

describe("the tags of a service with EnableTagOverride", () => {
  const theirs = serviceNamed("web", { tags: ["theirs"], enableTagOverride: true });

  test("are adopted by the agent when a client has changed them in the catalog", async () => {
    const world = await startWithWeb({ tags: ["own"], enableTagOverride: true });
    await write(world, theirs);
    expect(await syncCatalog(world.agent)).toBe(0);
    expect(world.agent.services.get("web")?.service.tags).toEqual(["theirs"]);
    await expectSynced(world);
  });

  test("are not overwritten in the catalog when a check of the service changes", async () => {
    const world = await startWithWeb({ tags: ["own"], enableTagOverride: true });
    await write(world, theirs);
    await world.agent.updateTtl("up", "passing", "");
    const { services } = await world.agent.catalog.contents();
    expect(services).toMatchObject([{ tags: ["theirs"] }]);
  });

  test("are overwritten in the catalog if the service is registered with the agent without EnableTagOverride", async () => {
    const world = await startWithWeb({ tags: ["own"] });
    await write(world, theirs);
    await syncCatalog(world.agent);
    const { services } = await world.agent.catalog.contents();
    expect(services).toMatchObject([{ tags: ["own"], enableTagOverride: false }]);
  });
});

describe("the loop of anti-entropy", () => {
  function startLoop(sync: () => Promise<number>) {
    const clock = new FakeClock();
    const lines: string[] = [];
    const log = createLog({ level: "info", json: false, clock, sink: (line) => lines.push(line) }, "ae");
    const stopping = new AbortController();
    return { clock, lines, stopping, ended: runAntiEntropy(sync, { clock, log, signal: stopping.signal }) };
  }

  test("syncs every minute, logs the corrections, and ends when its signal aborts", async () => {
    let rounds = 0;
    const { clock, lines, stopping, ended } = startLoop(async () => rounds++);
    await clock.advance(3 * syncIntervalMs);
    expect(rounds).toBe(3);
    expect(lines.map((line) => line.replace(/^.*: corrections/, "corrections"))).toEqual([
      "corrections=1",
      "corrections=2",
    ]);
    stopping.abort();
    await ended;
    expect(clock.timerCount).toBe(0);
  });

  test("logs a failed round, and runs the next one a minute later", async () => {
    let rounds = 0;
    const { clock, lines, stopping, ended } = startLoop(async () => {
      rounds += 1;
      throw new Error("no catalog");
    });
    await clock.advance(2 * syncIntervalMs);
    expect([rounds, lines.length]).toEqual([2, 2]);
    expect(lines[0]).toContain("no catalog");
    stopping.abort();
    await ended;
  });
});
