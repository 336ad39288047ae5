import type { EtcdMember, EtcdMembers } from "../../../src/cluster/formation/etcd-members.ts";
import type { FormationEtcd } from "../../../src/cluster/formation/own-member.ts";
import type { EtcdHealth } from "../../../src/cluster/own-etcd/etcd-child.ts";
import type { DataStage } from "../../../src/cluster/own-etcd/own-etcd.ts";
import type { Clock } from "../../../src/lib/clock.ts";
import type { EtcdCluster, EtcdDisk, FormationFault } from "./etcd-cluster.ts";

/** The server whose etcd this is. */
interface EtcdOwner {
  readonly id: string;
  readonly disk: { etcd: EtcdDisk };
  runs(etcd: SimulatedEtcd): boolean;
  /** A point at which the server can be killed. */
  point(): Promise<void>;
}

/** The surroundings of a server's etcd. */
export interface EtcdWorld {
  readonly clock: Clock;
  readonly fault: FormationFault | undefined;
  readonly clusters: ReadonlyMap<string, EtcdCluster>;
  chance(trouble: "answer of etcd lost"): boolean;
  note(finding: string): void;
  beginCluster(token: string, members: readonly string[]): void;
  hearsEtcd(owner: EtcdOwner, id: string, token: string): boolean;
  hasQuorum(owner: EtcdOwner, cluster: EtcdCluster): boolean;
  hasCaughtUp(member: EtcdMember): boolean;
}

type Settings = Parameters<FormationEtcd["start"]>[1];

/** Milliseconds that an etcd takes from its start to its first answer, and a learner to get the data. */
const startMs = 100;
const retryMs = 1_000;

/** The etcd of one process of a server, whose files outlive the process. */
export class SimulatedEtcd implements FormationEtcd, EtcdMembers {
  readonly endpoint = "unix:simulated";
  readonly #world: EtcdWorld;
  readonly #server: EtcdOwner;
  readonly #onHealth: (health: EtcdHealth) => void;
  #settings: Settings | undefined;
  /** The id of raft under which etcd runs. */
  #raftId: string | undefined;
  #startedMs = 0;
  #isReady = false;
  /** Changes with each start and end, so that a late timer of an earlier run does nothing. */
  #run = 0;

  constructor(world: EtcdWorld, server: EtcdOwner, onHealth: (health: EtcdHealth) => void) {
    this.#world = world;
    this.#server = server;
    this.#onHealth = onHealth;
  }

  get data(): DataStage {
    return this.#world.fault === "lost data goes unnoticed" ? "written" : this.#server.disk.etcd.data;
  }

  get raftId(): string | undefined {
    return this.#raftId;
  }

  prepare(): void {
    if (this.#server.disk.etcd.data === "none") this.#server.disk.etcd.data = "prepared";
  }

  reach(): void {}
  forget(): void {}

  start(_program: unknown, settings: Settings): void {
    this.#settings = settings;
    this.#begin();
  }

  async setAside(): Promise<void> {
    await this.#server.point();
    this.#halt();
    this.#settings = undefined;
    this.#server.disk.etcd = { data: "none", token: "", raftId: "" };
    await this.#server.point();
  }

  /** Ends etcd at once, as SIGKILL does; it is started again. */
  kill(reason = "SIGKILL"): void {
    this.#halt();
    this.#onHealth({ state: "ended", reason, retryMs });
    const run = this.#run;
    this.#world.clock.schedule(retryMs, () => {
      if (run === this.#run && this.#server.runs(this)) this.#begin();
    });
  }

  /** Takes up what the other members do: becomes ready, or ends when it was removed. */
  look(): void {
    const { token } = this.#server.disk.etcd;
    const cluster = this.#world.clusters.get(token);
    if (this.#raftId === undefined || !cluster) return;
    if (this.#world.clock.monotonicMs() - this.#startedMs < startMs) return;
    if (!cluster.members.has(this.#raftId)) {
      const hears = cluster.voters.some(({ id }) => this.#world.hearsEtcd(this.#server, id, token));
      if (hears) this.kill("exit code 0");
      return;
    }
    if (this.#isReady || !this.#world.hasQuorum(this.#server, cluster)) return;
    this.#isReady = true;
    this.#onHealth({ state: "ready", tookMs: startMs });
  }

  list(): Promise<readonly EtcdMember[]> {
    return this.#call((cluster) => [...cluster.members.values()]);
  }

  add(id: string): Promise<void> {
    return this.#call((cluster) => cluster.addLearner(id));
  }

  remove(raftId: string): Promise<void> {
    return this.#call((cluster) => void cluster.members.delete(raftId));
  }

  promote(raftId: string): Promise<void> {
    return this.#call((cluster) => {
      const member = cluster.members.get(raftId);
      if (!member) throw new Error("etcdserver: member not found");
      if (!this.#world.hasCaughtUp(member))
        throw new Error("etcdserver: can only promote a learner member which is in sync");
      cluster.set({ ...member, isVoter: true });
    });
  }

  async moveLeader(): Promise<void> {}

  async status(): Promise<{ raftId: string; leader: undefined }> {
    await this.#server.point();
    if (this.#raftId === undefined) throw new Error("etcd does not answer");
    return { raftId: this.#raftId, leader: undefined };
  }

  /** Whether a learner has run for long enough to have the data. */
  get hasCaughtUp(): boolean {
    return this.#isReady && this.#world.clock.monotonicMs() - this.#startedMs > 2 * startMs;
  }

  #halt(): void {
    this.#run += 1;
    this.#raftId = undefined;
    this.#isReady = false;
  }

  #begin(): void {
    this.#run += 1;
    this.#onHealth({ state: "started", pid: 1 });
    this.#startedMs = this.#world.clock.monotonicMs();
    const failure = this.#enter();
    if (failure !== undefined) this.kill(failure);
  }

  /** Starts as the member that the files say or, without files, as the settings say. @returns why it cannot */
  #enter(): string | undefined {
    const { disk, id } = this.#server;
    const settings = this.#settings;
    if (!settings) return "not started";
    if (disk.etcd.data === "written") {
      this.#raftId = disk.etcd.raftId;
      return undefined;
    }
    const { token, members, state } = settings;
    if (state === "new") this.#world.beginCluster(token, members);
    const cluster = this.#world.clusters.get(token);
    const own = cluster?.ofServer(id);
    if (!cluster) return "no such cluster";
    if (state === "existing") {
      if (!cluster.voters.some((voter) => this.#world.hearsEtcd(this.#server, voter.id, token)))
        return "no member answers";
      const now = [...cluster.members.values()].map((member) => member.id);
      if (now.toSorted().join() !== members.toSorted().join()) return "member count is unequal";
    }
    // A server of the first set that was removed and added again has another id of raft, of which its flags know nothing.
    const raftId = state === "new" ? `${token}/${id}` : own?.raftId;
    if (raftId === undefined) return "it is no member";
    if (cluster.used.has(raftId)) this.#world.note(`${id} can vote twice as ${raftId}`);
    cluster.used.add(raftId);
    disk.etcd = { data: "written", token, raftId };
    this.#raftId = raftId;
    return undefined;
  }

  /** Runs a call that needs a majority. Its answer can be lost after it has run. */
  async #call<Result>(run: (cluster: EtcdCluster) => Result): Promise<Result> {
    await this.#server.point();
    const cluster = this.#world.clusters.get(this.#server.disk.etcd.token);
    const own = this.#raftId === undefined ? undefined : cluster?.members.get(this.#raftId);
    if (!cluster || !own?.isVoter || !this.#world.hasQuorum(this.#server, cluster))
      throw new Error("etcdserver: request timed out");
    const result = run(cluster);
    await this.#server.point();
    if (this.#world.chance("answer of etcd lost")) throw new Error("etcdserver: request timed out");
    return result;
  }
}
