import { describe, expect, test } from "bun:test";
import { startTestAgent, type TestAgent } from "../../test/support/agent.ts";
import { messageOf } from "../lib/errors.ts";
import { createLog } from "../lib/log.ts";
import type { KeeperService } from "../model/keeper-registration.ts";
import { registered, type PortOutcome } from "../ports/port-registrations.ts";
import type { ServicePorts } from "../ports/service-ports.ts";
import { LocalRows } from "../registry/local-rows.ts";
import { CommitTimes } from "./commit-times.ts";
import { KeptRegistrations } from "./kept-registrations.ts";
import { Registrations } from "./registrations.ts";

function keptOf({ clock, disk, store }: TestAgent): KeptRegistrations {
  const local = [...disk.rows()].filter(({ table }) => table === "local");
  return new KeptRegistrations(new LocalRows(store), local, clock);
}

/** The registry of a test agent, whose clock stands still. */
function registrationsOf(world: TestAgent, kept: KeptRegistrations = keptOf(world)): Registrations {
  const { agent, clock, store } = world;
  const log = createLog({ level: "debug", json: false, clock, sink: (line) => world.log.push(line) }, "keeper");
  const ports = {
    async register(...[definition, options]: Parameters<ServicePorts["register"]>): Promise<PortOutcome> {
      const { beforeListening: _before, ...registration } = options;
      await agent.registerService(definition, registration);
      return registered;
    },
  };
  return new Registrations({
    ...{ agent, ports, store, clock, log, checkOutputBytesMax: 4096 },
    kept,
    times: new CommitTimes(store, clock),
  });
}

const client = { beforeListening: false };

function service(changes: Partial<KeeperService> = {}): KeeperService {
  const healthCheck = { interval: "1h", path: "/ping", type: "http" };
  return { serviceId: "web", status: "UNKNOWN", host: "127.0.0.1", port: 80, healthCheck, ...changes };
}

const check = "service:web";
const passing = { status: "passing", output: "" } as const;

describe("a check in flight", () => {
  test("does not undo a halt that is being written", async () => {
    const world = await startTestAgent();
    const registrations = registrationsOf(world);
    await registrations.add(service(), client);
    world.engine.hold();
    const halted = registrations.update(service({ status: "HALT" }), client);
    await world.clock.advance(0);
    world.agent.checkResult(check, passing);
    world.engine.release();
    expect(await halted).toEqual(registered);
    await world.clock.advance(0);
    expect(registrations.find("web")).toMatchObject({ status: "HALT" });
    expect(world.servicesInCatalog()).toEqual([]);
  });

  test("does not undo a halt that was written", async () => {
    const world = await startTestAgent();
    const registrations = registrationsOf(world);
    await registrations.add(service(), client);
    await registrations.update(service({ status: "HALT" }), client);
    world.agent.checkResult(check, passing);
    await world.clock.advance(3_600_000 * 3);
    expect(registrations.find("web")).toMatchObject({ status: "HALT" });
    expect(registrations.list({ halted: false })).toEqual([]);
    expect(world.clock.timerCount).toBe(0);
  });
});

describe("what checks say", () => {
  test("is told with its time; while the status stays, nothing is written", async () => {
    const world = await startTestAgent();
    const registrations = registrationsOf(world);
    await registrations.add(service(), client);
    const createdMs = world.clock.wallMs();
    await world.clock.advance(1_000);
    world.agent.checkResult(check, passing);
    await world.clock.advance(1_000);
    const batches = world.engine.batches.length;
    world.agent.checkResult(check, passing);
    await world.clock.advance(0);
    const expected = { status: "UP", createdMs, modifiedMs: createdMs + 2_000 } as const;
    expect(registrations.find("web")).toMatchObject(expected);
    expect(world.engine.batches).toHaveLength(batches);
  });

  test("is forgotten when the service registers anew", async () => {
    const world = await startTestAgent();
    const registrations = registrationsOf(world);
    await registrations.add(service(), client);
    world.agent.checkResult(check, passing);
    await registrations.update(service(), client);
    expect(registrations.find("web")).toMatchObject({ status: "UNKNOWN" });
    expect(world.statusInCatalog(check)).toBe("critical");
  });
});

describe("a registration", () => {
  test("is written in one batch with the agent's service", async () => {
    const world = await startTestAgent();
    const registrations = registrationsOf(world);
    await registrations.add(service(), client);
    await registrations.update(service({ status: "HALT" }), client);
    const tables = world.engine.batches.map(({ changes }) =>
      [...new Set(changes.map(({ table }) => table))].toSorted(),
    );
    expect(tables.map((names) => names.includes("local") && names.includes("services"))).toEqual([true, true]);
  });

  test("is written in one batch with the agent's service, also when that waits for another change", async () => {
    const world = await startTestAgent();
    const registrations = registrationsOf(world);
    await registrations.add(service(), client);
    world.engine.hold();
    world.agent.checkResult(check, passing);
    await world.clock.advance(0);
    const halted = registrations.update(service({ status: "HALT" }), client);
    await world.clock.advance(0);
    world.engine.release();
    await halted;
    const [last] = world.engine.batches.slice(-1);
    expect(new Set(last?.changes.map(({ table }) => table))).toEqual(
      new Set(["local", "services", "checks", "tombstones"]),
    );
  });

  test("that cannot be made durable is not there", async () => {
    const world = await startTestAgent();
    const registrations = registrationsOf(world);
    world.engine.fail();
    expect(registrations.add(service(), client)).rejects.toThrow("the disk is full");
    await world.clock.advance(0);
    world.engine.recover();
    expect(registrations.find("web")).toBeUndefined();
    expect(await registrations.add(service(), client)).toEqual(registered);
  });

  test("whose halt cannot be made durable goes on", async () => {
    const world = await startTestAgent();
    const registrations = registrationsOf(world);
    await registrations.add(service({ status: "UP" }), client);
    world.engine.fail();
    expect(registrations.update(service({ status: "HALT" }), client)).rejects.toThrow("the disk is full");
    await world.clock.advance(0);
    expect(registrations.find("web")).toMatchObject({ status: "UP" });
  });

  test("is forgotten when the service has gone over Consul's API", async () => {
    const world = await startTestAgent();
    const registrations = registrationsOf(world);
    await registrations.add(service(), client);
    await world.agent.deregisterService("web");
    await world.clock.advance(0);
    expect(world.disk.rows().map(({ key }) => key)).not.toContain("keeper/web");
    expect(registrations.find("web")).toBeUndefined();
  });

  test("whose service went while nobody looked is dropped at the next start", async () => {
    const world = await startTestAgent();
    const registrations = registrationsOf(world);
    await registrations.add(service(), client);
    await registrations.add(service({ serviceId: "ended" }), client);
    await registrations.update(service({ serviceId: "ended", status: "HALT" }), client);
    const restarted = await world.restarted();
    await restarted.agent.deregisterService("web");
    const again = registrationsOf(restarted);
    await restarted.clock.advance(0);
    expect(again.list({ halted: true }).map(({ serviceId, status }) => [serviceId, status])).toEqual([
      ["ended", "HALT"],
    ]);
    expect(restarted.disk.rows().map(({ key }) => key)).not.toContain("keeper/web");
  });
});

describe("a change that the disk has confirmed too late", () => {
  async function changeLate(change: (registrations: Registrations) => Promise<unknown>): Promise<readonly string[]> {
    const world = await startTestAgent();
    const registrations = registrationsOf(world);
    await registrations.add(service(), client);
    world.engine.hold();
    const changing = change(registrations).catch((error: unknown) => messageOf(error));
    await world.clock.advance(0);
    await world.clock.advance(11_000);
    expect(await changing).toContain("It may still be done");
    world.engine.release();
    await world.clock.advance(3_000);
    const restarted = registrationsOf(await world.restarted());
    return [registrations, restarted].map((each) => {
      const { status = "absent", port = 0 } = each.find("web") ?? {};
      return `${status} ${port}`;
    });
  }

  test.each<readonly [string, (registrations: Registrations) => Promise<unknown>, string]>([
    ["a halt", (all) => all.update(service({ status: "HALT", port: 81 }), client), "HALT 81"],
    ["an update", (all) => all.update(service({ port: 81 }), client), "UNKNOWN 81"],
    ["a removal", (all) => all.remove("web"), "absent 0"],
  ])("is made, here and at the next start: %s", async (_, change, expected) => {
    expect(await changeLate(change)).toEqual([expected, expected]);
  });

  test("keeps others from being made by half until it is known", async () => {
    const world = await startTestAgent();
    const kept = keptOf(world);
    const registrations = registrationsOf(world, kept);
    await registrations.add(service(), client);
    world.engine.hold();
    const forgetting = kept.delete("web", () => true).catch((error: unknown) => messageOf(error));
    await world.clock.advance(0);
    await world.clock.advance(11_000);
    expect(await forgetting).toContain("It may still be done");
    world.engine.release();
    await world.clock.advance(0);
    const removing = registrations.remove("web").catch((error: unknown) => messageOf(error));
    await world.clock.advance(0);
    expect(await removing).toContain("has not confirmed an earlier change");
    expect(world.servicesInCatalog()).toEqual(["web"]);
  });
});
