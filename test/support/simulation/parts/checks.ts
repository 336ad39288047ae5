import type { Part } from "../part.ts";
import { Registrar } from "../registrar.ts";
import type { Condition } from "../simulated-services.ts";
import type { SimulatedPlatform } from "../simulated-platform.ts";

interface CheckShown {
  readonly CheckID: string;
  readonly Status: string;
  readonly Type: string;
}

/** Maximum time until anti-entropy writes to the catalog the changes that a faulty disk refused, in milliseconds. */
const syncedMs = 65_000;
const toldMsMax = 6_000;

const statusOf: Readonly<Record<Condition, string>> = {
  ...{ up: "passing", busy: "warning", slow: "critical", down: "critical" },
};

/** Returns a part whose services register, update checks and deregister, and which compares local state and catalog. */
export function checks(world: SimulatedPlatform): Part {
  const { network, clock } = world;
  const late = new LateStatuses(world);
  const registrars = [11, 12].map((at) => {
    return new Registrar({ network, clock, random: world.newRandom(), client: `192.0.2.${at}` });
  });
  return {
    run: async ({ trouble }) => void (await Promise.all(registrars.map((registrar) => registrar.run(trouble)))),
    async look({ isEnding }) {
      const known = await ownChecks(world);
      // An agent that is stopping starts no checks for new registrations, so the statuses are not compared with results then.
      if (!isEnding) expectLastResults(world, known);
      await late.look(known);
    },
    async conclude() {
      await expectSameOfAgentAndCatalog(world);
      expectTrueStatuses(world, await ownChecks(world));
    },
  };
}

async function ownChecks(world: SimulatedPlatform): Promise<readonly CheckShown[]> {
  return Object.values(await world.peekJson<Record<string, CheckShown>>("/v1/agent/checks"));
}

function expectLastResults({ services, findings }: SimulatedPlatform, known: readonly CheckShown[]): void {
  for (const { CheckID, Status, Type } of known) {
    const last = services.lastResults.get(CheckID);
    if (last === undefined || Type === "maintenance") continue;
    const broken = last === Status ? undefined : `${CheckID} is ${Status}, its last result ${last}`;
    findings.expect("a check has the status of its last result", broken);
  }
}

/**
 * Tracks how long the statuses of checks in the catalog differ from those in the agent's local state. A change reaches the
 * catalog at once, unless the disk is faulty.
 */
class LateStatuses {
  readonly #world: SimulatedPlatform;
  /** By check id: the time since which the status in the catalog differs from the agent's, in milliseconds. */
  readonly #differsSinceMs = new Map<string, number>();

  constructor(world: SimulatedPlatform) {
    this.#world = world;
  }

  async look(known: readonly CheckShown[]): Promise<void> {
    const { clock, disk, findings } = this.#world;
    if (disk.wellForMs < syncedMs) return;
    const listed = await this.#world.peekJson<readonly CheckShown[]>("/v1/health/node/gw");
    const inCatalog = new Map(listed.map(({ CheckID, Status }) => [CheckID, Status]));
    const nowMs = clock.monotonicMs();
    for (const { CheckID, Status } of known) {
      const told = inCatalog.get(CheckID);
      if (told === Status) this.#differsSinceMs.delete(CheckID);
      else if (!this.#differsSinceMs.has(CheckID)) this.#differsSinceMs.set(CheckID, nowMs);
      const forMs = nowMs - (this.#differsSinceMs.get(CheckID) ?? nowMs);
      const broken = forMs > toldMsMax ? `${CheckID} is ${Status}, there ${told} for ${forMs} ms` : undefined;
      findings.expect("a check's new status is in the catalog at once", broken);
    }
  }
}

/** Expects the same services and checks in the agent's local state and in the catalog. */
export async function expectSameOfAgentAndCatalog(world: SimulatedPlatform): Promise<void> {
  const { findings } = world;
  const listed = await world.peekJson<readonly CheckShown[]>("/v1/health/node/gw");
  const [told, known] = [
    sorted(listed.filter(({ CheckID }) => CheckID !== "serfHealth").map(statusLine)),
    sorted((await ownChecks(world)).map(statusLine)),
  ];
  findings.expect("agent and catalog agree", told === known ? undefined : `checks: ${told}, agent: ${known}`);
  const node = await world.peekJson<{ readonly Services: object }>("/v1/catalog/node/gw");
  const services = sorted(Object.keys(node.Services).filter((id) => id !== "consul"));
  const ours = sorted(Object.keys(await world.peekJson<object>("/v1/agent/services")));
  findings.expect("agent and catalog agree", services === ours ? undefined : `services: ${services}, agent: ${ours}`);
}

/** Expects that each check of the registrars' services has the status that follows from the condition of its service. */
function expectTrueStatuses({ findings, services }: SimulatedPlatform, known: readonly CheckShown[]): void {
  for (const { CheckID, Status, Type } of known) {
    if (!/:(?:http|ttl)$/.test(CheckID)) continue;
    const target = `http://192.0.2.9/${CheckID.replace(":http", "")}`;
    const wanted = Type === "http" ? statusOf[services.condition(target)] : "critical";
    const broken = Status === wanted ? undefined : `${CheckID} is ${Status}, in truth ${wanted}`;
    findings.expect("a check comes to show its service's true status", broken);
  }
}

function statusLine({ CheckID, Status }: CheckShown): string {
  return `${CheckID}=${Status}`;
}

function sorted(words: readonly string[]): string {
  return words.toSorted().join(" ");
}
