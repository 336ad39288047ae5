import type { EtcdMember } from "../../../src/cluster/formation/etcd-members.ts";
import type { DataStage } from "../../../src/cluster/own-etcd/own-etcd.ts";

/** A fault of the formation, which the simulation must find. */
export type FormationFault =
  | "a promise is answered before it is saved"
  | "two promises are given at once"
  | "lost data goes unnoticed";

/** The files of one server's etcd. */
export interface EtcdDisk {
  data: DataStage;
  token: string;
  raftId: string;
}

/** The members of one cluster of etcd, as raft has agreed on them. */
export class EtcdCluster {
  readonly token: string;
  readonly members: Map<string, EtcdMember> = new Map();
  /** The ids of raft under which an etcd has ever run. */
  readonly used: Set<string> = new Set();
  #added = 0;

  constructor(token: string, ids: readonly string[]) {
    this.token = token;
    for (const id of ids) this.set({ raftId: `${token}/${id}`, id, isVoter: true });
  }

  set(member: EtcdMember): void {
    this.members.set(member.raftId, member);
  }

  ofServer(id: string): EtcdMember | undefined {
    return [...this.members.values()].find((member) => member.id === id);
  }

  get voters(): readonly EtcdMember[] {
    return [...this.members.values()].filter(({ isVoter }) => isVoter);
  }

  addLearner(id: string): void {
    if (this.ofServer(id)) throw new Error("etcdserver: Peer URLs already exists");
    if (this.voters.length < this.members.size) throw new Error("etcdserver: too many learner members in cluster");
    this.#added += 1;
    this.set({ raftId: `${this.token}/${id}/${this.#added}`, id, isVoter: false });
  }
}
