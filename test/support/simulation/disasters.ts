import { sleep } from "../../../src/lib/clock.ts";
import type { FakeClock } from "../fake-clock.ts";
import type { FakeRandom } from "../fake-random.ts";
import { pick, pickOf } from "../linearizability/trial.ts";
import { checkTargets } from "./registrar.ts";
import type { SimulatedDisk } from "./simulated-disk.ts";
import { fairWeather, type SimulatedNetwork } from "./simulated-network.ts";
import type { Condition, SimulatedServices } from "./simulated-services.ts";
import type { Supervisor } from "./supervisor.ts";

export interface DisasterParts {
  readonly clock: FakeClock;
  readonly disk: SimulatedDisk;
  readonly network: SimulatedNetwork;
  readonly services: SimulatedServices;
  readonly supervisor: Supervisor;
}

/** Each kind of trouble comes and goes by itself, so that they meet in all ways. */
export async function runDisasters(parts: DisasterParts, seed: number, over: AbortSignal): Promise<void> {
  const random = (): FakeRandom => parts.supervisor.newRandom(seed);
  await Promise.all([
    endAgents(parts, random(), over),
    troubleDisk(parts, random(), over),
    troubleNetwork(parts, random(), over),
    troubleServices(parts, random(), over),
  ]);
}

async function endAgents(
  { clock, disk, supervisor }: DisasterParts,
  random: FakeRandom,
  over: AbortSignal,
): Promise<void> {
  while (!over.aborted) {
    await sleep(clock, random.uniform() ** 2 * 60_000, over);
    if (over.aborted) return;
    if (random.uniform() < 0.5) await Promise.race([disk.untilWriting(), sleep(clock, 2_000)]);
    if (random.uniform() < 0.7) supervisor.crash();
    else await supervisor.stop();
    await sleep(clock, random.uniform() ** 2 * 5_000);
    supervisor.start();
  }
}

async function troubleDisk({ clock, disk }: DisasterParts, random: FakeRandom, over: AbortSignal): Promise<void> {
  while (!over.aborted) {
    await sleep(clock, random.uniform() * 25_000, over);
    switch (pick(random, { hang: 3, refuse: 2, slow: 2 })) {
      case "hang":
        disk.hang();
        break;
      case "refuse":
        disk.refuse();
        break;
      case "slow":
        disk.slowDown(random.uniform() * 1_500);
    }
    await sleep(clock, random.uniform() ** 2 * 25_000, over);
    disk.heal();
  }
}

async function troubleNetwork({ clock, network }: DisasterParts, random: FakeRandom, over: AbortSignal): Promise<void> {
  while (!over.aborted) {
    await sleep(clock, random.uniform() * 20_000, over);
    network.weather = {
      latencyMsMax: 10 ** (random.uniform() * 3.3),
      loss: random.uniform() ** 3 * 0.3,
      cut: random.uniform() ** 2 * 0.4,
    };
    await sleep(clock, random.uniform() * 15_000, over);
    network.weather = fairWeather;
  }
}

const conditions: readonly Condition[] = ["up", "up", "slow", "busy", "down"];

export async function troubleServices(
  { clock, services }: DisasterParts,
  random: FakeRandom,
  over: AbortSignal,
): Promise<void> {
  while (!over.aborted) {
    await sleep(clock, random.uniform() * 8_000, over);
    services.change(pickOf(random, checkTargets) ?? "", pickOf(random, conditions) ?? "up");
  }
}

const yearMs = 365 * 24 * 3_600_000;

/** Forward and back by decades and by seconds. Its dice are its own: without it, all else goes the same way. */
export async function jumpWallClock(clock: FakeClock, random: FakeRandom, over: AbortSignal): Promise<void> {
  while (!over.aborted) {
    await sleep(clock, random.uniform() * 20_000, over);
    const years = random.uniform() < 0.5 ? 56 : random.uniform() * 1e-6;
    clock.jumpWall((random.uniform() < 0.5 ? -1 : 1) * years * yearMs);
  }
}
