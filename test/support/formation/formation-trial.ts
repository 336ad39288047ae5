import type { FormationFault } from "./etcd-cluster.ts";
import { FormationWorld } from "./formation-world.ts";
import type { SimulatedServer } from "./simulated-server.ts";

const troubles = 40;
const troubleMsMax = 2_000;
/** Milliseconds after the last trouble in which all servers must have become voters of one cluster. */
const calmMs = 180_000;
const lookMs = 1_000;
/** The part of the connections that are cut at the start. */
const cutAtStart = 0.25;

interface Trial {
  readonly servers: number;
  readonly expect: number;
  readonly fault?: FormationFault;
}

/** The outcome of a run. */
export interface TrialResult {
  readonly findings: readonly string[];
  /** The newest lines of all servers, for a failure's message. */
  readonly history: readonly string[];
  /** How often each trouble has happened. */
  readonly counts: ReadonlyMap<string, number>;
  readonly begun: number;
}

/** Runs servers through troubles from a seed, then lets them be, until all are voters of one cluster. */
export async function runTrial(seed: number, trial: Trial): Promise<TrialResult> {
  const world = new FormationWorld({ seed, ...trial });
  const run = new Run(world);
  await run.troubles();
  await run.calm();
  const { findings, history, begun } = world;
  return { findings, history, begun, counts: run.counts };
}

class Run {
  readonly #world: FormationWorld;
  readonly counts = new Map<string, number>();
  /** A server whose data was deleted, and which is no voter again yet. */
  #wiped: SimulatedServer | undefined;

  constructor(world: FormationWorld) {
    this.#world = world;
  }

  async troubles(): Promise<void> {
    const { clock, random, findings, servers } = this.#world;
    // Servers that do not see the same others choose different sets.
    for (const one of servers)
      for (const other of servers) if (random.uniform() < cutAtStart) this.#connect(one, other, false);
    for (let n = 0; n < troubles && findings.length === 0; n++) {
      await clock.advance(random.uniform() * troubleMsMax);
      this.#trouble();
    }
  }

  /** Ends all trouble, and waits for one cluster. */
  async calm(): Promise<void> {
    const world = this.#world;
    world.isTroubled = false;
    world.healAll();
    for (let ms = 0; ms < calmMs && world.findings.length === 0; ms += lookMs) {
      // One that leaves may end only now.
      for (const server of world.servers) server.start();
      await world.clock.advance(lookMs);
      if (this.#isWhole()) return;
    }
    if (world.findings.length === 0) world.note(`no cluster of all servers: ${this.#describe()}`);
  }

  #trouble(): void {
    const { random, servers } = this.#world;
    const [server, other] = [this.#any(), this.#any()];
    const down = servers.filter(({ isUp }) => !isUp);
    for (const each of down) if (random.uniform() < 0.5) each.start();
    const kinds: readonly (readonly [string, () => boolean])[] = [
      ["start", () => down.length > 0],
      ["crash", () => this.#crash(server)],
      ["cut", () => this.#connect(server, other, false)],
      ["heal", () => this.#connect(server, other, true)],
      ["heal all", () => (this.#world.healAll(), true)],
      ["kill etcd", () => this.#kill(server)],
      ["move", () => this.#move(server)],
      ["wipe etcd", () => this.#wipe(server, false)],
      ["wipe all", () => this.#wipe(server, true)],
      ["remove", () => this.#remove(server, other)],
      ["leave", () => this.#leave(server)],
    ];
    const [kind, run] = kinds[Math.floor(random.uniform() * kinds.length)] ?? ["", () => false];
    if (!run()) return;
    this.counts.set(kind, (this.counts.get(kind) ?? 0) + 1);
    this.#world.history.push(`${Math.round(this.#world.clock.monotonicMs())} TROUBLE ${kind} ${server.id} ${other.id}`);
  }

  #any(): SimulatedServer {
    const { random, servers } = this.#world;
    const found = servers[Math.floor(random.uniform() * servers.length)];
    if (!found) throw new Error("no servers");
    return found;
  }

  #crash(server: SimulatedServer): boolean {
    const { isUp } = server;
    server.crash();
    return isUp;
  }

  #connect(one: SimulatedServer, other: SimulatedServer, isConnected: boolean): boolean {
    if (one !== other) this.#world.connect(one, other, isConnected);
    return one !== other;
  }

  #kill({ etcd }: SimulatedServer): boolean {
    if (etcd?.raftId === undefined) return false;
    etcd.kill();
    return true;
  }

  #move(server: SimulatedServer): boolean {
    server.crash();
    server.move();
    return true;
  }

  /** Deletes data of a server, if the others can go on without its vote. */
  #wipe(server: SimulatedServer, rows: boolean): boolean {
    if (!this.#isSound(server) || (rows && !this.#areAllIn)) return false;
    server.crash();
    server.wipe({ rows });
    this.#wiped = server;
    return true;
  }

  /** Whether most of the voters have their data without this server's. */
  #isSound(without: SimulatedServer): boolean {
    if (this.#wiped && !this.#isVoter(this.#wiped)) return false;
    this.#wiped = undefined;
    const cluster = this.#world.clusters.get(without.disk.etcd.token);
    if (!cluster) return false;
    const left = this.#world.servers.filter(
      ({ disk }) => cluster.members.get(disk.etcd.raftId)?.isVoter && disk !== without.disk,
    );
    return left.length > cluster.voters.length / 2 && cluster.voters.length >= 3;
  }

  /** Whether all servers have a cluster. Else one that starts from nothing could rightly begin another one with those. */
  get #areAllIn(): boolean {
    return this.#world.servers.every(({ saved }) => saved.membership !== undefined);
  }

  #isVoter({ disk }: SimulatedServer): boolean {
    return this.#world.clusters.get(disk.etcd.token)?.members.get(disk.etcd.raftId)?.isVoter === true;
  }

  /** Lets an operator remove a server. */
  #remove(asked: SimulatedServer, removed: SimulatedServer): boolean {
    if (asked === removed || !asked.formation || !this.#isSound(removed)) return false;
    void asked.formation.remove(removed.id).catch(() => {});
    return true;
  }

  #leave(server: SimulatedServer): boolean {
    const { formation } = server;
    if (!formation || !this.#isSound(server) || !this.#areAllIn) return false;
    void formation.leave().then(
      () => server.formation === formation && server.crash(),
      () => server.formation === formation && server.crash(),
    );
    return true;
  }

  #isWhole(): boolean {
    const { servers, clusters } = this.#world;
    return servers.every((server) => {
      const cluster = clusters.get(server.disk.etcd.token);
      const isWhole = cluster?.members.size === servers.length && cluster.voters.length === servers.length;
      return isWhole && this.#isVoter(server) && server.etcd?.raftId !== undefined && this.#knowsAddresses(server);
    });
  }

  /** Whether the server knows where all others are now. */
  #knowsAddresses({ formation, id }: SimulatedServer): boolean {
    return this.#world.servers.every(
      (other) =>
        other.id === id || formation?.known.some((known) => known.id === other.id && known.port === other.address.port),
    );
  }

  #describe(): string {
    const { servers, clusters } = this.#world;
    const lines = servers.map(({ id, isUp, saved, disk }) => JSON.stringify({ id, isUp, ...saved, etcd: disk.etcd }));
    const members = [...clusters.values()].map((each) =>
      [...each.members.values()].map((member) => member.raftId).join(" "),
    );
    return [...lines, ...members].join("\n");
  }
}
