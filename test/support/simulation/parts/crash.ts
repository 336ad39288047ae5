import type { Part, Peace } from "../part.ts";
import type { SimulatedPlatform } from "../simulated-platform.ts";
import { expectSameOfAgentAndCatalog } from "./checks.ts";

const client = "192.0.2.99";

/**
 * Returns a part that checks the changes which wait for a hung disk: the agent, the catalog and the restarted agent all have such
 * a change, or none of them has it.
 */
export function crash(world: SimulatedPlatform): Part {
  return {
    async conclude(peace) {
      await changeBehindHungDisk(world, peace);
      const before = await registered(world);
      world.supervisor.crash();
      world.supervisor.start();
      await peace.pass(1_000);
      const after = await registered(world);
      const broken = before === after ? undefined : `${after}, before it ${before}`;
      world.findings.expect("a crash changes nothing", broken);
      await expectSameOfAgentAndCatalog(world);
    },
  };
}

/** Sends a registration and a deregistration while the disk hangs for longer than the store lets clients wait. */
async function changeBehindHungDisk(world: SimulatedPlatform, { pass }: Peace): Promise<void> {
  const { disk, network } = world;
  const [old = "late"] = Object.keys(await world.peekJson<object>("/v1/agent/services"));
  disk.hang();
  const body = JSON.stringify({ Name: "late" });
  network.send(client, { method: "PUT", path: "/v1/agent/service/register", body }).catch(() => {});
  network.send(client, { method: "PUT", path: `/v1/agent/service/deregister/${old}` }).catch(() => {});
  await pass(15_000);
  disk.heal();
  await pass(3_000);
}

async function registered(world: SimulatedPlatform): Promise<string> {
  const checks = Object.keys(await world.peekJson<object>("/v1/agent/checks"));
  return [...Object.keys(await world.peekJson<object>("/v1/agent/services")), ...checks].toSorted().join(" ");
}
