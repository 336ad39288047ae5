import { sleep } from "../../../src/lib/clock.ts";
import type { FakeClock } from "../fake-clock.ts";
import type { FakeRandom } from "../fake-random.ts";
import { pick, pickOf } from "../linearizability/trial.ts";
import { checkTargets } from "./registrar.ts";
import type { BrokerCondition } from "./simulated-broker.ts";
import { fairWeather } from "./simulated-network.ts";
import type { Condition } from "./simulated-services.ts";
import type { SimulatedPlatform } from "./simulated-platform.ts";

/** Injects faults of every kind until `over` aborts. Each kind starts and ends independently, so that all combinations occur. */
export async function runDisasters(world: SimulatedPlatform, over: AbortSignal): Promise<void> {
  const kinds = [endAgents, troubleDisk, troubleNetwork, troubleServices, troubleBroker];
  await Promise.all(kinds.map((kind) => kind(world, world.newRandom(), over)));
}

async function endAgents(world: SimulatedPlatform, random: FakeRandom, over: AbortSignal): Promise<void> {
  const { clock, disk, supervisor, plan } = world;
  while (!over.aborted) {
    await sleep(clock, (random.uniform() ** 2 * 60_000) / plan.haste, over);
    if (over.aborted) return;
    if (random.uniform() < 0.5) await Promise.race([disk.untilWriting(), sleep(clock, 2_000)]);
    if (random.uniform() < 0.7) supervisor.crash();
    else await supervisor.stop();
    await sleep(clock, random.uniform() ** 2 * 5_000);
    supervisor.start();
  }
}

async function troubleDisk(
  { clock, disk, plan }: SimulatedPlatform,
  random: FakeRandom,
  over: AbortSignal,
): Promise<void> {
  while (!over.aborted) {
    await sleep(clock, (random.uniform() * 25_000) / plan.haste, over);
    switch (pick(random, { hang: 3, refuse: 2, slow: 2, lag: 2 })) {
      case "hang":
        disk.hang();
        break;
      case "refuse":
        disk.refuse();
        break;
      case "slow":
        disk.slowDown(random.uniform() * 1_500);
        break;
      case "lag":
        // The delay is about as long as the store's limit, so the disk often confirms a write just after the store gives up.
        disk.lag(9_900 + random.uniform() * 400);
    }
    await sleep(clock, random.uniform() ** 2 * 25_000, over);
    disk.heal();
  }
}

async function troubleNetwork(
  { clock, network, plan }: SimulatedPlatform,
  random: FakeRandom,
  over: AbortSignal,
): Promise<void> {
  while (!over.aborted) {
    await sleep(clock, (random.uniform() * 20_000) / plan.haste, over);
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
  { clock, services }: SimulatedPlatform,
  random: FakeRandom,
  over: AbortSignal,
): Promise<void> {
  while (!over.aborted) {
    await sleep(clock, random.uniform() * 8_000, over);
    services.change(pickOf(random, checkTargets) ?? "", pickOf(random, conditions) ?? "up");
  }
}

const brokerTroubles: readonly BrokerCondition[] = ["slow", "away", "silent", "breaking", "breaking"];

async function troubleBroker(
  { clock, broker, plan }: SimulatedPlatform,
  random: FakeRandom,
  over: AbortSignal,
): Promise<void> {
  while (!over.aborted) {
    await sleep(clock, (random.uniform() * 20_000) / plan.haste, over);
    broker.condition = pickOf(random, brokerTroubles) ?? "away";
    if (broker.condition === "away") broker.breakAll();
    await sleep(clock, random.uniform() * 20_000, over);
    broker.condition = "up";
  }
}

const yearMs = 365 * 24 * 3_600_000;

/**
 * Makes the wall clock jump forward and back by decades and by seconds. The jumps use separate random numbers, so that the rest
 * of the history is the same without the jumps.
 */
export async function jumpWallClock(clock: FakeClock, random: FakeRandom, over: AbortSignal): Promise<void> {
  while (!over.aborted) {
    await sleep(clock, random.uniform() * 20_000, over);
    const years = random.uniform() < 0.5 ? 56 : random.uniform() * 1e-6;
    clock.jumpWall((random.uniform() < 0.5 ? -1 : 1) * years * yearMs);
  }
}
