import type { EtcdMember, EtcdMembers } from "./etcd-members.ts";
import type { KnownServers } from "./known-servers.ts";
import type { OwnMember } from "./own-member.ts";
import type { Membership, SavedFormation } from "./saved-formation.ts";

interface DepartureOptions {
  /** The node id of this server. */
  readonly id: string;
  readonly saved: SavedFormation;
  readonly servers: KnownServers;
  readonly members: EtcdMembers;
  readonly member: OwnMember;
}

/** How often this server tries to remove itself. */
const triesMax = 5;

/** Takes this server out of its cluster. After a crash on the way, `forget` at the next start does the rest. */
export class Departure {
  readonly #options: DepartureOptions;
  #isUnderWay = false;

  constructor(options: DepartureOptions) {
    this.#options = options;
  }

  /** Whether `leave` runs. */
  get isUnderWay(): boolean {
    return this.#isUnderWay;
  }

  /**
   * Removes this server from the voters, and does nothing if it is the only one.
   * @throws Error of etcd when no majority answers: this server stays a member
   */
  async leave(): Promise<void> {
    const { saved, members } = this.#options;
    const { membership } = saved.state;
    const voters = (await members.list()).filter(({ isVoter }) => isVoter);
    if (!membership || voters.length === 1) return;
    this.#isUnderWay = true;
    try {
      await this.#set(membership, "leaving");
      await this.#remove(voters);
    } catch (error) {
      await this.#set(membership, membership.stage);
      this.#isUnderWay = false;
      throw error;
    }
    await this.forget();
  }

  /** Ends etcd, moves its data aside, and forgets the cluster. */
  async forget(): Promise<void> {
    await this.#options.member.retire();
    await this.#options.saved.change((state) => ({ ...state, membership: undefined }));
  }

  async #set(membership: Membership, stage: Membership["stage"]): Promise<void> {
    await this.#options.saved.change((state) => ({ ...state, membership: { ...membership, stage } }));
  }

  async #remove(voters: readonly EtcdMember[]): Promise<void> {
    const { id, members, servers } = this.#options;
    const own = voters.find((voter) => voter.id === id);
    if (!own) return;
    const heir = voters.find((voter) => voter !== own && servers.isLinked(voter.id));
    const { leader } = await members.status();
    // Without this, the others would wait for an election.
    if (heir && leader === own.raftId) await members.moveLeader(heir.raftId).catch(() => {});
    for (let tries = 1; ; tries++) {
      try {
        return await members.remove(own.raftId);
      } catch (error) {
        // The answer is lost when etcd ends before it is sent.
        const { standing } = await this.#options.member.standing(own.raftId);
        if (standing === "removed") return;
        if (tries === triesMax) throw error;
      }
    }
  }
}
