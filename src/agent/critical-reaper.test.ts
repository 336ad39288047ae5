import { describe, expect, test } from "bun:test";
import { serviceWith, startTestAgent, ttlCheck } from "../../test/support/agent.ts";
import { FakeClock } from "../../test/support/fake-clock.ts";
import { settle } from "../../test/support/settle.ts";
import { serviceNamed } from "../../test/support/state.ts";
import type { CheckStatus } from "../model/check.ts";
import { CriticalReaper } from "./critical-reaper.ts";
import type { LocalCheck } from "./local-state.ts";

const minute = 60_000;

function trial() {
  const clock = new FakeClock();
  const reaped: string[] = [];
  return { clock, reaped, reaper: new CriticalReaper(clock, (service, check) => reaped.push(`${service}/${check}`)) };
}

function local(status: CheckStatus, changes: Parameters<typeof ttlCheck>[1] = {}): LocalCheck {
  const definition = ttlCheck("up", { serviceId: "web", deregisterCriticalServiceAfterMs: minute, ...changes });
  return { definition, source: "api", type: "ttl", status, output: "" };
}

describe("a service with a critical check", () => {
  test("is reaped as soon as the check has been critical for its DeregisterCriticalServiceAfter", async () => {
    const { clock, reaped, reaper } = trial();
    reaper.note(local("critical"));
    await clock.advance(minute - 1);
    expect(reaped).toEqual([]);
    await clock.advance(1);
    expect(reaped).toEqual(["web/up"]);
  });

  test("is not reaped if the check recovers in time, and gets the full time again when the check fails later", async () => {
    const { clock, reaped, reaper } = trial();
    reaper.note(local("critical"));
    await clock.advance(minute - 1);
    reaper.note(local("warning"));
    expect(clock.timerCount).toBe(0);
    reaper.note(local("critical"));
    await clock.advance(minute - 1);
    expect(reaped).toEqual([]);
    await clock.advance(1);
    expect(reaped).toHaveLength(1);
  });

  test("that is registered again is reaped after the new DeregisterCriticalServiceAfter, counted from the failure", async () => {
    const { clock, reaped, reaper } = trial();
    reaper.note(local("critical", { deregisterCriticalServiceAfterMs: 10 * minute }));
    await clock.advance(minute);
    reaper.note(local("critical", { deregisterCriticalServiceAfterMs: 2 * minute }));
    await clock.advance(minute - 1);
    expect(reaped).toEqual([]);
    await clock.advance(1);
    expect(reaped).toEqual(["web/up"]);
  });

  test("is not reaped if the check moves to another service in time; that service is reaped instead", async () => {
    const { clock, reaped, reaper } = trial();
    reaper.note(local("critical"));
    reaper.note(local("critical", { serviceId: "shop" }));
    await clock.advance(minute);
    expect(reaped).toEqual(["shop/up"]);
  });

  test.each([
    ["a check without DeregisterCriticalServiceAfter", { deregisterCriticalServiceAfterMs: 0 }],
    ["a check of the node", { serviceId: "" }],
  ])("is never reaped for %s", (_name, changes) => {
    const { clock, reaper } = trial();
    reaper.note(local("critical", changes));
    expect(clock.timerCount).toBe(0);
  });
});

test("stopping the reaper of critical services leaves no timer", () => {
  const { clock, reaper } = trial();
  reaper.note(local("critical"));
  reaper.stop();
  expect(clock.timerCount).toBe(0);
});

describe("an agent with a service that is critical for too long", () => {
  const mortal = ttlCheck("up", { serviceId: "web", deregisterCriticalServiceAfterMs: minute });

  test("deregisters the service with all of its checks", async () => {
    const world = await startTestAgent();
    const { checks } = serviceWith("web", ["other"]);
    const service = serviceNamed("web");
    await world.agent.registerService({ service, checks: [mortal, ...checks] }, { source: "api" });
    await world.clock.advance(minute);
    expect([world.servicesInCatalog(), [...world.agent.checks.keys()], world.clock.timerCount]).toEqual([[], [], 0]);
  });

  test("tries the deregistration again after another DeregisterCriticalServiceAfter if the disk was full", async () => {
    const world = await startTestAgent();
    await world.agent.registerService({ service: serviceNamed("web"), checks: [mortal] }, { source: "api" });
    world.engine.fail();
    await world.clock.advance(minute);
    expect(world.log.at(-1)).toContain("Service could not be deregistered");
    world.engine.recover();
    await world.clock.advance(minute);
    await settle();
    expect(world.servicesInCatalog()).toEqual([]);
  });

  test("counts the time from the start of the agent after a restart", async () => {
    const world = await startTestAgent();
    await world.agent.registerService({ service: serviceNamed("web"), checks: [mortal] }, { source: "api" });
    const { clock, servicesInCatalog } = await world.restarted();
    await clock.advance(minute - 1);
    expect(servicesInCatalog()).toEqual(["web"]);
    await clock.advance(1);
    expect(servicesInCatalog()).toEqual([]);
  });
});
