import { describe, expect, test } from "bun:test";
import { serviceWith, startTestAgent, ttlCheck, type TestAgent } from "../../test/support/agent.ts";
import { rejectionOf } from "../../test/support/rejection.ts";
import { settle } from "../../test/support/settle.ts";
import { checkNamed, serviceNamed } from "../../test/support/state.ts";
import type { CheckDefinition } from "../model/check.ts";

const api = { source: "api" } as const;

/** Returns the ids of all services and checks that the agent has now, and of those that it has after a restart. */
async function registered(world: TestAgent): Promise<{ now: string[]; kept: string[] }> {
  const { agent } = await world.restarted();
  return { now: idsOf(world.agent), kept: idsOf(agent) };
}

function idsOf({ services, checks }: TestAgent["agent"]): string[] {
  return [...services.keys(), ...checks.keys()].toSorted();
}

describe("a registration", () => {
  test("writes a service to the agent and the catalog in one commit, and survives a restart", async () => {
    const world = await startTestAgent();
    await world.agent.registerService(serviceWith("web", ["up"]), api);
    expect(world.engine.batches).toHaveLength(1);
    expect(world.servicesInCatalog()).toEqual(["web"]);
    expect(world.statusInCatalog("up")).toBe("critical");
    expect(await registered(world)).toEqual({ now: ["up", "web"], kept: ["up", "web"] });
  });

  test("of a service whose name is no DNS label is accepted with a warning", async () => {
    const world = await startTestAgent();
    for (const name of ["web_1", "a".repeat(64), "web-1"])
      await world.agent.registerService(serviceWith(name, []), api);
    expect(world.servicesInCatalog()).toHaveLength(3);
    expect(world.log.filter((line) => line.includes("[WARN]"))).toEqual([
      expect.stringMatching(/not be discoverable via DNS due to invalid characters.*service=web_1/),
      expect.stringMatching(/not be discoverable via DNS due to it being too long.*service=a{64}/),
    ]);
  });

  test("is not visible in the agent or the catalog before it is durable", async () => {
    const world = await startTestAgent();
    world.engine.hold();
    const registering = world.agent.registerService(serviceWith("web", ["up"]), api);
    await settle();
    expect([idsOf(world.agent), world.servicesInCatalog()]).toEqual([[], []]);
    world.engine.release();
    await registering;
    expect(idsOf(world.agent)).toEqual(["up", "web"]);
  });

  test("that cannot be made durable changes nothing, and the next registration succeeds", async () => {
    const world = await startTestAgent();
    await world.agent.registerService(serviceWith("web", ["up"]), api);
    world.engine.fail();
    const refused = [
      world.agent.registerService(serviceWith("web", ["other"]), { ...api, replaceExistingChecks: true }),
      world.agent.registerService(serviceWith("db", []), api),
      world.agent.registerCheck(ttlCheck("disk"), "api"),
      world.agent.deregisterService("web"),
      world.agent.deregisterCheck("up"),
    ];
    for (const each of refused) expect(await rejectionOf(each)).toMatchObject({ code: "disk-full" });
    expect(await registered(world)).toEqual({ now: ["up", "web"], kept: ["up", "web"] });
    expect([world.servicesInCatalog(), world.statusInCatalog("up")]).toEqual([["web"], "critical"]);
    world.engine.recover();
    await world.agent.updateTtl("up", "passing", "");
    await world.agent.registerService(serviceWith("db", []), api);
    expect(world.servicesInCatalog()).toEqual(["db", "web"]);
  });

  test("that is repeated unchanged writes nothing", async () => {
    const world = await startTestAgent();
    await world.agent.registerService(serviceWith("web", ["up"]), api);
    await world.agent.registerService(serviceWith("web", ["up"]), api);
    expect(world.engine.batches).toHaveLength(1);
  });

  test("from a file replaces a registration of the same service from the API, and does not survive a restart", async () => {
    const world = await startTestAgent();
    await world.agent.registerService(serviceWith("web", ["up"]), api);
    await world.agent.registerService(serviceWith("web", ["up"]), { source: "file" });
    await world.agent.registerService(serviceWith("db", []), { source: "file" });
    expect(await registered(world)).toEqual({ now: ["db", "up", "web"], kept: [] });
  });

  test("of a script check is denied unless script checks are enabled for its source, a file or the API", async () => {
    const method = { kind: "script", args: ["/bin/true"], intervalMs: 1e9, timeoutMs: 1e3 } as const;
    const script = ttlCheck("script", { method });
    const local = await startTestAgent({ scripts: { fromApi: false, fromFiles: true } });
    expect(await rejectionOf(local.agent.registerCheck(script, "api"))).toMatchObject({ kind: "denied" });
    await local.agent.registerCheck(script, "file");
    local.agent.stop();
    const neither = await startTestAgent();
    expect(await rejectionOf(neither.agent.registerCheck(script, "file"))).toMatchObject({ kind: "denied" });
  });
});

describe("registering a service again", () => {
  test("keeps the status and output of its checks", async () => {
    const world = await startTestAgent();
    await world.agent.registerService(serviceWith("web", ["up"]), api);
    await world.agent.updateTtl("up", "passing", "fine");
    await world.agent.registerService(serviceWith("web", ["up"], { port: 81 }), api);
    expect(world.agent.checks.get("up")).toMatchObject({ status: "passing", output: "fine" });
    expect([world.statusInCatalog("up"), world.outputs.get("n1", "up")]).toEqual(["passing", "fine"]);
  });

  test("keeps the checks that the definition omits, unless replaceExistingChecks is set", async () => {
    const world = await startTestAgent();
    await world.agent.registerService(serviceWith("web", ["a", "b"]), api);
    await world.agent.registerService(serviceWith("web", ["a"]), api);
    expect(await registered(world)).toEqual({ now: ["a", "b", "web"], kept: ["a", "b", "web"] });
    await world.agent.registerService(serviceWith("web", ["a"]), { ...api, replaceExistingChecks: true });
    expect(await registered(world)).toEqual({ now: ["a", "web"], kept: ["a", "web"] });
    expect(world.statusInCatalog("b")).toBeUndefined();
  });

  test("under another name renames the service in its checks", async () => {
    const world = await startTestAgent();
    await world.agent.registerService(serviceWith("web", ["up"]), api);
    await world.agent.registerService({ service: serviceNamed("shop", { id: "web" }), checks: [] }, api);
    const { checks } = await world.agent.catalog.contents();
    expect(checks).toMatchObject([{ id: "up", serviceName: "shop" }]);
  });

  test("does not undo a check result that arrived during the registration", async () => {
    const world = await startTestAgent();
    await world.agent.registerService(serviceWith("web", ["up"]), api);
    world.engine.hold();
    const registering = world.agent.registerService(serviceWith("web", ["up"], { port: 81 }), api);
    await settle();
    const updating = world.agent.updateTtl("up", "passing", "fine");
    world.engine.release();
    await Promise.all([registering, updating]);
    expect(world.agent.checks.get("up")).toMatchObject({ status: "passing", output: "fine" });
    expect(world.statusInCatalog("up")).toBe("passing");
  });
});

describe("a check", () => {
  test("of a service that is not registered with this agent is refused", async () => {
    const { agent } = await startTestAgent();
    const error = await rejectionOf(agent.registerCheck(ttlCheck("up", { serviceId: "web" }), "api"));
    expect(error).toMatchObject({ kind: "not-found", message: 'ServiceID "web" does not exist' });
  });

  test("that is registered again with another service id moves to that service", async () => {
    const { agent } = await startTestAgent();
    await agent.registerService(serviceWith("a", ["up"]), api);
    await agent.registerService(serviceWith("b", []), api);
    await agent.registerCheck(ttlCheck("up", { serviceId: "b" }), "api");
    expect([agent.checksOf("a"), agent.checksOf("b")]).toEqual([[], ["up"]]);
    await agent.deregisterService("a");
    expect(idsOf(agent)).toEqual(["b", "up"]);
  });

  test("registers its service again at its next result if the catalog has lost the service", async () => {
    const world = await startTestAgent();
    await world.agent.registerService(serviceWith("web", []), api);
    await world.store.submit({ type: "deregister", node: "n1" });
    await world.agent.registerCheck(ttlCheck("up", { serviceId: "web" }), "api");
    expect([world.servicesInCatalog(), world.statusInCatalog("up")]).toEqual([["web"], "critical"]);
  });
});

describe("a TTL check", () => {
  test("has the status of its last update, and turns critical when its TTL ends without another update", async () => {
    const world = await startTestAgent();
    await world.agent.registerCheck(ttlCheck("up", { method: { kind: "ttl", ttlMs: 10_000 } }), "api");
    await world.agent.updateTtl("up", "warning", "so so");
    expect([world.statusInCatalog("up"), world.outputs.get("n1", "up")]).toEqual(["warning", "so so"]);
    await world.clock.advance(10_000);
    expect(world.statusInCatalog("up")).toBe("critical");
  });

  test("is not written to the disk when an update leaves its status unchanged, and shows the update's output", async () => {
    const world = await startTestAgent();
    await world.agent.registerCheck(ttlCheck("up"), "api");
    await world.agent.updateTtl("up", "passing", "1");
    await world.agent.updateTtl("up", "passing", "2");
    expect(world.engine.batches).toHaveLength(2);
    expect(world.outputs.get("n1", "up")).toBe("2");
  });

  test("that is not registered cannot be updated: the error is not-found", async () => {
    const { agent } = await startTestAgent();
    expect(await rejectionOf(agent.updateTtl("nope", "passing", ""))).toMatchObject({ kind: "not-found" });
  });

  test("rejects an update if its own status could not be written, but not if the status of another check could not", async () => {
    const world = await startTestAgent();
    await world.agent.registerCheck(ttlCheck("a"), "api");
    await world.agent.registerCheck(ttlCheck("b", { initialStatus: "passing" }), "api");
    world.engine.fail();
    expect(await rejectionOf(world.agent.updateTtl("a", "passing", ""))).toMatchObject({ code: "disk-full" });
    await world.agent.updateTtl("b", "passing", "");
  });
});

describe("a check's status that could not be written", () => {
  test("is written again with the check's next result", async () => {
    const world = await startTestAgent();
    await world.agent.registerCheck(ttlCheck("up"), "api");
    world.engine.fail();
    world.agent.checkResult("up", { status: "passing", output: "" });
    await settle();
    expect([world.agent.checks.get("up")?.status, world.statusInCatalog("up")]).toEqual(["passing", "critical"]);
    world.engine.recover();
    world.agent.checkResult("up", { status: "passing", output: "" });
    await settle();
    expect(world.statusInCatalog("up")).toBe("passing");
  });

  test("causes one warning in the log, however often the check runs", async () => {
    const world = await startTestAgent();
    await world.agent.registerCheck(ttlCheck("up"), "api");
    world.engine.fail();
    for (let run = 0; run < 5; run++) {
      world.agent.checkResult("up", { status: "passing", output: "" });
      await settle();
    }
    expect(world.log.filter((line) => /WARN.*could not be stored/.test(line))).toHaveLength(1);
  });
});

describe("a deregistration", () => {
  test("of a service removes the service's checks from the agent, the catalog and the disk", async () => {
    const world = await startTestAgent();
    await world.agent.registerService(serviceWith("web", ["up"]), api);
    await world.agent.registerCheck(ttlCheck("disk"), "api");
    await world.agent.deregisterService("web");
    expect(await registered(world)).toEqual({ now: ["disk"], kept: ["disk"] });
    expect([world.servicesInCatalog(), world.statusInCatalog("up")]).toEqual([[], undefined]);
  });

  test("of a service removes the outputs of its checks, which are kept in memory only", async () => {
    const world = await startTestAgent();
    await world.agent.registerService(serviceWith("web", ["up"]), api);
    await world.agent.updateTtl("up", "passing", "old");
    await world.agent.deregisterService("web");
    expect(world.outputs.get("n1", "up")).toBeUndefined();
  });

  test("of an id that the agent does not have writes nothing, even if the catalog has the id", async () => {
    const world = await startTestAgent();
    const service = serviceNamed("consul");
    const registration = { type: "register", node: world.agent.node, skipNodeUpdate: false, service } as const;
    const checks = [checkNamed("serfHealth", { status: "passing" })];
    await world.store.submit({ ...registration, checks });
    await world.agent.deregisterService("consul");
    await world.agent.deregisterCheck("serfHealth");
    await world.agent.deregisterService("nope");
    expect([world.servicesInCatalog(), world.statusInCatalog("serfHealth")]).toEqual([["consul"], "passing"]);
    expect(world.engine.batches).toHaveLength(1);
  });

  test("waits for a registration of the same service under way, and a registration waits for a deregistration", async () => {
    const world = await startTestAgent();
    world.engine.hold();
    const first = [world.agent.registerService(serviceWith("web", ["up"]), api), world.agent.deregisterService("web")];
    await settle();
    world.engine.release();
    await Promise.all(first);
    expect(await registered(world)).toEqual({ now: [], kept: [] });
    expect([world.servicesInCatalog(), world.statusInCatalog("up")]).toEqual([[], undefined]);
    const then = [
      world.agent.registerService(serviceWith("web", ["up"]), api),
      world.agent.deregisterService("web"),
      world.agent.registerService(serviceWith("web", ["up"]), api),
    ];
    await Promise.all(then);
    expect(await registered(world)).toEqual({ now: ["up", "web"], kept: ["up", "web"] });
    expect(world.statusInCatalog("up")).toBe("critical");
  });

  test("of a service or check is not undone by a check result that arrives during the deregistration", async () => {
    const world = await startTestAgent();
    await world.agent.registerService(serviceWith("web", ["up"]), api);
    await world.agent.registerCheck(ttlCheck("disk"), "api");
    world.engine.hold();
    const going = [world.agent.deregisterService("web"), world.agent.deregisterCheck("disk")];
    await settle();
    world.agent.checkResult("up", { status: "passing", output: "late" });
    world.agent.checkResult("disk", { status: "passing", output: "late" });
    world.engine.release();
    await Promise.all(going);
    await settle();
    expect([world.servicesInCatalog(), world.statusInCatalog("up"), world.statusInCatalog("disk")]).toEqual([
      [],
      undefined,
      undefined,
    ]);
    expect(world.outputs.get("n1", "disk")).toBeUndefined();
  });
});

test("an alias check has the status and the output of the worst check that it follows", async () => {
  const world = await startTestAgent();
  await world.agent.registerService(serviceWith("web", ["up"]), api);
  await world.agent.updateTtl("up", "passing", "fine");
  const method: CheckDefinition["method"] = { kind: "alias", node: "", service: "web" };
  await world.agent.registerCheck(ttlCheck("alias", { method }), "api");
  await settle();
  expect(world.agent.checks.get("alias")).toMatchObject({ status: "passing", output: "All checks passing." });
  await world.agent.updateTtl("up", "critical", "broken");
  await settle();
  expect(world.agent.checks.get("alias")).toMatchObject({
    status: "critical",
    output: 'Aliased check "up" failing: broken',
  });
  expect(world.statusInCatalog("alias")).toBe("critical");
});

test("a check keeps its status over a restart of the agent", async () => {
  const world = await startTestAgent();
  await world.agent.registerService(serviceWith("web", ["up"]), api);
  await world.agent.updateTtl("up", "passing", "fine");
  const { agent, statusInCatalog } = await world.restarted();
  expect([agent.checks.get("up")?.status, statusInCatalog("up")]).toEqual(["passing", "passing"]);
});

test("an agent that is stopped has no timer left, and refuses updates of TTL checks", async () => {
  const world = await startTestAgent();
  const reaped = { deregisterCriticalServiceAfterMs: 60_000, serviceId: "web" };
  await world.agent.registerService({ service: serviceNamed("web"), checks: [ttlCheck("up", reaped)] }, api);
  world.agent.stop();
  expect(world.clock.timerCount).toBe(0);
  expect(await rejectionOf(world.agent.updateTtl("up", "passing", ""))).toMatchObject({ kind: "unavailable" });
});
