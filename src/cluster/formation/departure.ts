import type { EtcdMember, EtcdMembers } from "./etcd-members.ts";
import type { KnownServers } from "./known-servers.ts";
import type { OwnMember } from "./own-member.ts";
import type { SavedFormation } from "./saved-formation.ts";

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

/**
 * Takes this server out of its cluster. Its data stays until it is removed: without it, the others would have lost a voter. After a
 * crash on the way it is still a member at its next start or, if it was removed, is taken in anew.
 */
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
   * Removes this server from the members, ends its etcd, moves its data aside, and forgets the cluster. Does nothing if it is the only
   * voter.
   * @throws Error of etcd when no majority answers: this server stays a member
   */
  async leave(): Promise<void> {
    const { saved, members, member } = this.#options;
    const voters = (await members.list()).filter(({ isVoter }) => isVoter);
    if (voters.length === 1) return;
    this.#isUnderWay = true;
    try {
      await this.#remove(voters);
    } catch (error) {
      this.#isUnderWay = false;
      throw error;
    }
    await member.retire();
    await saved.change((state) => ({ ...state, membership: undefined }));
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
