import type { MemberStatus } from "../model/member.ts";

/** A server of the cluster. */
export interface ServerId {
  /** The id of its node. */
  readonly id: string;
  /** The name of its node. */
  readonly name: string;
  /** address:port of its server port. */
  readonly address: string;
}

/** A server as a member of the group that orders the writes, which clients of Consul know as its Raft configuration. */
export interface RaftPeer extends ServerId {
  readonly leads: boolean;
  readonly isVoter: boolean;
}

/** The state of one server, as the leader judges it. */
export interface ServerHealth extends RaftPeer {
  readonly status: MemberStatus;
  /** The version of Consul that the server stands for. */
  readonly version: string;
  /** Milliseconds since the leader heard from it; 0 for the leader, undefined if it never did. */
  readonly lastContactMs: number | undefined;
  readonly lastTerm: number;
  readonly lastIndex: number;
  readonly isHealthy: boolean;
  /** When `isHealthy` last changed, in milliseconds since 1970. */
  readonly stableSinceMs: number;
  /**
   * How far its wall clock is ahead of the leader's, in milliseconds, negative if it is behind. Leaves out the part that the round
   * trip of the question may explain. Undefined if the server does not answer, or its Praetor is too old to tell.
   */
  readonly clockAheadMs: number | undefined;
  /** Undefined if the server does not answer, or its Praetor is too old to tell. */
  readonly versions: ProgramVersions | undefined;
}

/** The versions of the programs of a server. */
export interface ProgramVersions {
  readonly praetor: string;
  /** The version of the etcd that it started; undefined with an etcd that others run. */
  readonly etcd?: string;
}

export interface ClusterHealth {
  /** Whether every server is healthy. */
  readonly isHealthy: boolean;
  /** How many more voters may fail until no leader can be elected. */
  readonly failureTolerance: number;
  /** The leader first. */
  readonly servers: readonly ServerHealth[];
}

/** How long this server has been without the leader, as each read needs it. */
export interface LeaderContact {
  /** Whether this server stands alone: it always leads, its state is always current, and no answer differs by the leader. */
  readonly isAlone: boolean;
  /** The leader; undefined while this server knows none. */
  readonly leader: ServerId | undefined;
  /** Milliseconds since this server heard from a leader; 0 on the leader, Infinity if it never did. */
  readonly lastContactMs: number;
}

/**
 * The cluster as this server sees it. LoneServer implements it for a server that stands alone. Methods that return promises may
 * ask other servers; all else is what this server knows now.
 */
export interface ClusterView extends LeaderContact {
  /** Whether this server leads. */
  readonly leads: boolean;
  /** This server. */
  readonly own: ServerId;
  /** All servers as far as this server knows, those that are down included. */
  readonly knownPeers: readonly RaftPeer[];
  /** The number of the present term, as far as this server knows. */
  readonly term: number;
  /**
   * How late each other server's sign of life is, in milliseconds, while this server leads: 0 for one that was heard in time. Empty
   * on every other server.
   */
  readonly latenessMs: readonly number[];
  /** How the leader last judged the servers; undefined on every other server. */
  readonly judgement: Pick<ClusterHealth, "isHealthy" | "failureTolerance"> | undefined;
  /** Returns all servers. @throws OperatingError unavailable "no-leader" without a majority of them */
  peers(): Promise<readonly RaftPeer[]>;
  /** Returns the health of all servers. Only the leader is asked. @throws OperatingError unavailable "no-leader" */
  health(): Promise<ClusterHealth>;
  /**
   * Removes a server, which `peers` lists, and is not the last voter.
   * @throws OperatingError with the reason if the others do not agree in time
   */
  removePeer(peer: RaftPeer): Promise<void>;
}
