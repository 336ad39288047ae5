import { describe, expect, test } from "bun:test";
import { startTestAgent, type TestAgent } from "../../test/support/agent.ts";
import { messageOf } from "../lib/errors.ts";
import { createLog } from "../lib/log.ts";
import type { KeeperService } from "../model/keeper-registration.ts";
import { registered, type PortOutcome } from "../ports/port-registrations.ts";
import type { ServicePorts } from "../ports/service-ports.ts";
import { LocalRows } from "../registry/local-rows.ts";
import { CommitTimes } from "./commit-times.ts";
import { SavedRegistrations } from "./saved-registrations.ts";
import { Registrations } from "./registrations.ts";

function savedOf({ clock, disk, store }: TestAgent): SavedRegistrations {
  const local = [...disk.rows()].filter(({ table }) => table === "local");
  return new SavedRegistrations(new LocalRows(store), local, clock);
}

/** Returns the registrations of core-keeper's API that a test agent has. */
function registrationsOf(world: TestAgent, saved: SavedRegistrations = savedOf(world)): Registrations {
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
    saved,
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

describe("a check that runs during a halt", () => {
  test("does not undo the halt while the halt is written", async () => {
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

  test("does not undo the halt after the halt was written", async () => {
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

describe("the result of a check", () => {
  test("changes the registration's time `modified`, and is not written to the disk while the status stays the same", async () => {
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

  test("is dropped when the service registers again", async () => {
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

  test("is written in one batch with the agent's service, even if an earlier change of the service is under way", async () => {
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

  test("that cannot be made durable is not listed", async () => {
    const world = await startTestAgent();
    const registrations = registrationsOf(world);
    world.engine.fail();
    expect(registrations.add(service(), client)).rejects.toThrow("the disk is full");
    await world.clock.advance(0);
    world.engine.recover();
    expect(registrations.find("web")).toBeUndefined();
    expect(await registrations.add(service(), client)).toEqual(registered);
  });

  test("keeps its status if its halt cannot be made durable", async () => {
    const world = await startTestAgent();
    const registrations = registrationsOf(world);
    await registrations.add(service({ status: "UP" }), client);
    world.engine.fail();
    expect(registrations.update(service({ status: "HALT" }), client)).rejects.toThrow("the disk is full");
    await world.clock.advance(0);
    expect(registrations.find("web")).toMatchObject({ status: "UP" });
  });

  test("is deleted when Consul's API deregisters the service", async () => {
    const world = await startTestAgent();
    const registrations = registrationsOf(world);
    await registrations.add(service(), client);
    await world.agent.deregisterService("web");
    await world.clock.advance(0);
    expect(world.disk.rows().map(({ key }) => key)).not.toContain("keeper/web");
    expect(registrations.find("web")).toBeUndefined();
  });

  test("is deleted at the next start if its service was deregistered while core-keeper's API did not run", async () => {
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

describe("a change that the disk confirms after the timeout", () => {
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
  ])("takes effect at once and after a restart: %s", async (_, change, expected) => {
    expect(await changeLate(change)).toEqual([expected, expected]);
  });

  test("blocks further changes of the service until its outcome is known", async () => {
    const world = await startTestAgent();
    const saved = savedOf(world);
    const registrations = registrationsOf(world, saved);
    await registrations.add(service(), client);
    world.engine.hold();
    const forgetting = saved.delete("web", () => true).catch((error: unknown) => messageOf(error));
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
