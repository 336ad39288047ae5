import type { EtcdMember } from "../../../src/cluster/formation/etcd-members.ts";
import { type Clock, sleep } from "../../../src/lib/clock.ts";
import { isRecord } from "../../../src/lib/is-record.ts";
import { createLog, type Log } from "../../../src/lib/log.ts";
import { FakeClock } from "../fake-clock.ts";
import { FakeRandom } from "../fake-random.ts";
import { EtcdCluster, type FormationFault } from "./etcd-cluster.ts";
import { SimulatedServer } from "./simulated-server.ts";

interface WorldOptions {
  readonly seed: number;
  /** Number of servers, and the -bootstrap-expect of each. */
  readonly servers: number;
  readonly expect: number;
  readonly fault?: FormationFault | undefined;
}

/** How often a trouble happens at each occasion, while there is trouble at all. */
const chances = { crash: 0.002, "answer of etcd lost": 0.05, "call lost": 0.02, "call late": 0.03 } as const;

const lookMs = 25;
const quickMsMax = 20;
/** Milliseconds that a late call or answer takes at most: longer than its caller waits. */
const lateMsMax = 6_000;

/** Servers on simulated links, disks and etcds, which run from a seed, and what has been found wrong with them. */
export class FormationWorld {
  readonly clock: FakeClock = new FakeClock();
  readonly random: FakeRandom;
  readonly fault: FormationFault | undefined;
  readonly servers: readonly SimulatedServer[];
  readonly clusters: Map<string, EtcdCluster> = new Map();
  readonly findings: string[] = [];
  readonly history: string[] = [];
  /** Whether servers crash, calls are lost and so on. */
  isTroubled = true;
  /** Pairs of servers without a connection, as "a b" and "b a". */
  readonly #cut = new Set<string>();
  readonly #begun = new Map<string, readonly string[]>();
  /** By server: the attempts for which it has given its promise, with their starters. */
  readonly #given = new Map<string, Map<string, SimulatedServer>>();

  constructor({ seed, servers, expect, fault }: WorldOptions) {
    this.random = new FakeRandom(seed);
    this.fault = fault;
    this.servers = Array.from({ length: servers }, (_, at) => new SimulatedServer(this, `s${at + 1}`, expect));
    this.#look();
  }

  chance(trouble: keyof typeof chances): boolean {
    return this.isTroubled && this.random.uniform() < chances[trouble];
  }

  note(finding: string): void {
    this.findings.push(finding);
    this.history.push(`FOUND: ${finding}`);
  }

  logOf({ id }: SimulatedServer): Log {
    const sink = (line: string): void => void this.history.push(`${Math.round(this.clock.monotonicMs())} ${line}`);
    return createLog({ level: "debug", json: false, clock: this.clock, sink }, id);
  }

  /** Resolves after a short while of the process. */
  async pause(clock: Clock): Promise<void> {
    if (this.random.uniform() < 0.5) await sleep(clock, this.random.uniform() * quickMsMax);
  }

  /** Cuts the connection of two servers, or joins it again. */
  connect(one: SimulatedServer, other: SimulatedServer, isConnected: boolean): void {
    for (const pair of [`${one.id} ${other.id}`, `${other.id} ${one.id}`])
      if (isConnected) this.#cut.delete(pair);
      else this.#cut.add(pair);
    this.linksChanged();
  }

  healAll(): void {
    this.#cut.clear();
    this.linksChanged();
  }

  linkedTo(server: SimulatedServer): readonly SimulatedServer[] {
    return this.servers.filter((other) => other !== server && this.#hears(server, other));
  }

  linksChanged(): void {
    for (const server of this.servers) server.linksChanged();
  }

  /** Carries a call and its answer between two servers. */
  async carry(from: SimulatedServer, id: string, head: unknown): Promise<unknown> {
    const to = this.servers.find((server) => server.id === id);
    if (!to) throw new Error(`no server ${id}`);
    const starts = `${from.starts} ${to.starts}`;
    const isUp = (): boolean => this.#hears(from, to) && `${from.starts} ${to.starts}` === starts;
    const sent = copied(head);
    await this.#underWay(isUp);
    const answer = await to.receive(sent, from);
    await this.#underWay(isUp);
    return copied(answer);
  }

  /** Takes note of an answer before it is sent, and may spoil it. */
  answered(server: SimulatedServer, head: unknown, answer: unknown): unknown {
    if (!isRecord(head) || head["ask"] !== "promise" || !isRecord(answer)) return answer;
    const isSpoilt = this.fault === "two promises are given at once" && server.saved.membership === undefined;
    if (answer["isGiven"] !== true && !isSpoilt) return answer;
    const { attempt, members } = head;
    const starter = this.servers.find(({ id }) => Array.isArray(members) && id === members[0]);
    if (starter) this.#give(server, String(attempt), starter);
    return { isGiven: true, why: "" };
  }

  /** Takes note of a row on a disk: a server that has taken up the decision of an attempt has kept its promise. */
  saved(server: SimulatedServer): void {
    const attempt = server.saved.membership?.attempt;
    if (attempt !== undefined) this.#given.get(server.id)?.delete(attempt);
  }

  /** Checks after a crash that the disk has the promises that bind the server. */
  checkPromises(server: SimulatedServer): void {
    const { promised, membership } = server.saved;
    for (const [attempt, starter] of this.#given.get(server.id) ?? []) {
      if (!isBinding(starter, attempt)) continue;
      if (promised?.attempt !== attempt && membership?.attempt !== attempt)
        this.note(`${server.id} has forgotten its promise ${attempt} over a crash`);
    }
  }

  /** Takes note of an etcd that begins a new cluster. */
  beginCluster(token: string, members: readonly string[]): void {
    if (this.#begun.has(token)) return;
    for (const [other, others] of this.#begun)
      if (others.some((id) => members.includes(id))) this.note(`clusters ${other} and ${token} share a server`);
    this.#begun.set(token, members);
    this.clusters.set(token, new EtcdCluster(token, members));
  }

  /** Number of clusters that have begun. */
  get begun(): number {
    return this.#begun.size;
  }

  /** Whether the etcd of a server reaches that of another one, which runs in this cluster. */
  hearsEtcd(server: Pick<SimulatedServer, "id">, id: string, token: string): boolean {
    const other = this.servers.find((each) => each.id === id);
    if (!other?.etcd?.raftId || other.disk.etcd.token !== token) return false;
    const own = this.servers.find((each) => each.id === server.id);
    return own !== undefined && (other === own || this.#hears(own, other));
  }

  /** Whether the etcd of this server reaches most of the voters. */
  hasQuorum(server: Pick<SimulatedServer, "id">, cluster: EtcdCluster): boolean {
    const { voters, token } = cluster;
    const heard = voters.filter(({ id, raftId }) => {
      const other = this.servers.find((each) => each.id === id);
      return other?.etcd?.raftId === raftId && this.hearsEtcd(server, id, token);
    });
    return heard.length > voters.length / 2;
  }

  hasCaughtUp({ id, raftId }: EtcdMember): boolean {
    const etcd = this.servers.find((each) => each.id === id)?.etcd;
    return etcd?.raftId === raftId && etcd.hasCaughtUp;
  }

  #hears(one: SimulatedServer, other: SimulatedServer): boolean {
    return one.isUp && other.isUp && !this.#cut.has(`${one.id} ${other.id}`);
  }

  #give(server: SimulatedServer, attempt: string, starter: SimulatedServer): void {
    const given = this.#given.get(server.id) ?? new Map<string, SimulatedServer>();
    this.#given.set(server.id, given);
    for (const [other, otherStarter] of given)
      if (other !== attempt && isBinding(otherStarter, other))
        this.note(`${server.id} promises ${attempt}, and is bound to ${other}`);
    given.set(attempt, starter);
  }

  async #underWay(isUp: () => boolean): Promise<void> {
    if (this.chance("call lost")) await new Promise<never>(() => {});
    const ms = this.chance("call late") ? lateMsMax : quickMsMax;
    await sleep(this.clock, this.random.uniform() * ms);
    if (!isUp()) throw new Error("the link was lost");
  }

  #look(): void {
    for (const server of this.servers) server.etcd?.look();
    this.clock.schedule(lookMs, () => this.#look());
  }
}

/** Whether an attempt is open or decided, by the disk of its starter. */
function isBinding(starter: SimulatedServer, attempt: string): boolean {
  const { promised, membership } = starter.saved;
  return promised?.attempt === attempt || membership?.attempt === attempt;
}

/** Returns what the other end of a link gets. */
function copied(value: unknown): unknown {
  return value === undefined ? null : JSON.parse(JSON.stringify(value));
}
