/** A member of the servers' etcd. */
export interface EtcdMember {
  /** The id of raft. A member that is removed and added again gets another one, so it cannot vote twice. */
  readonly raftId: string;
  /** The node id of its server. */
  readonly id: string;
  /** False for a learner, which gets the data and has no vote. */
  readonly isVoter: boolean;
}

/** The calls of etcd's Cluster service, at this server's etcd. Each change is tried once, and may be done even if it rejects. */
export interface EtcdMembers {
  /** Returns the members after all changes so far. Rejects when no majority answers. */
  list(): Promise<readonly EtcdMember[]>;
  /** Adds a server's etcd as a learner. Rejects while there is another learner, or the server is a member. */
  add(id: string): Promise<void>;
  /** Removes a member; does nothing if it is no member. */
  remove(raftId: string): Promise<void>;
  /** Makes a learner a voter. Rejects while it lacks data. */
  promote(raftId: string): Promise<void>;
  /** Lets another voter lead raft. Rejects unless this server's etcd leads. */
  moveLeader(raftId: string): Promise<void>;
  /** Returns what this server's etcd says about itself. `leader` is the raft id of the leader; undefined if none is known. */
  status(): Promise<{ readonly raftId: string; readonly leader: string | undefined }>;
}
