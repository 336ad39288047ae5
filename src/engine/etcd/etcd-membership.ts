import type { EtcdClient } from "./etcd-client.ts";
import { grpcCode, GrpcError } from "./grpc-channel.ts";

/** A member of an etcd whose members' names are node ids of servers. */
export interface EtcdMember {
  /** The id of raft, in hexadecimal digits. A member that is removed and added again gets another one. */
  readonly raftId: string;
  /** The node id of its server. */
  readonly id: string;
  /** False for a learner, which gets the data and has no vote. */
  readonly isVoter: boolean;
}

/** The status of this server's etcd. */
export interface EtcdStatus {
  readonly raftId: string;
  /** The member that leads raft; undefined while no leader is known. */
  readonly leader: string | undefined;
  readonly term: number;
  readonly index: number;
}

const changeMsMax = 5_000;
/** How often a read is tried. */
const triesMax = 3;
/** A key that no server writes: a read of it shows that a majority answers. */
const noKey = new TextEncoder().encode("\0");

/**
 * The members of an etcd that servers keep themselves: the peer URL of each is "unix://NODE-ID:1".
 *
 * Each change is tried once. Its outcome is unknown when it rejects without a refusal of etcd: list the members again.
 */
export class EtcdMembership {
  readonly #client: EtcdClient;

  constructor(client: EtcdClient) {
    this.#client = client;
  }

  /** Returns the members after all changes so far. @throws GrpcError when no majority answers */
  async list(): Promise<readonly EtcdMember[]> {
    // etcd 3.4 lists what this member knows. The read before makes it know all changes that were acknowledged so far.
    await this.#client.persist((ms) => this.#client.range({ key: noKey }, ms), { triesMax });
    const members = await this.#client.persist((ms) => this.#client.members(ms), { triesMax });
    return members.flatMap(({ ID, peerURLs: [url], isLearner }): EtcdMember | [] =>
      url === undefined ? [] : { raftId: ID.toString(16), id: idIn(url), isVoter: !isLearner },
    );
  }

  /** Adds the server's etcd as a learner. @throws GrpcError */
  async add(id: string): Promise<void> {
    await this.#client.addLearner(urlOf(id), changeMsMax);
  }

  /** Removes a member; does nothing if it is no member. @throws GrpcError */
  async remove(raftId: string): Promise<void> {
    try {
      await this.#client.removeMember(BigInt(`0x${raftId}`), changeMsMax);
    } catch (error) {
      if (!(error instanceof GrpcError && error.code === grpcCode.notFound)) throw error;
    }
  }

  /** Makes a learner a voter. @throws GrpcError also when it has not received most of the data yet */
  async promote(raftId: string): Promise<void> {
    await this.#client.promoteMember(BigInt(`0x${raftId}`), changeMsMax);
  }

  /** Lets another voter lead raft. Works on the leader only. @throws GrpcError */
  async moveLeader(raftId: string): Promise<void> {
    await this.#client.moveLeader(BigInt(`0x${raftId}`), changeMsMax);
  }

  async status(): Promise<EtcdStatus> {
    const answer = await this.#client.persist((ms) => this.#client.status(ms), { triesMax });
    return {
      raftId: (answer.header?.memberId ?? 0n).toString(16),
      leader: answer.leader === 0n ? undefined : answer.leader.toString(16),
      term: Number(answer.raftTerm),
      index: Number(answer.raftIndex),
    };
  }
}

function urlOf(id: string): string {
  return `unix://${id}:1`;
}

function idIn(url: string): string {
  return url.replace(/^unix:\/\//, "").replace(/:1$/, "");
}
