import type { Clock } from "../../lib/clock.ts";
import type { Log } from "../../lib/log.ts";
import type { EtcdHealth } from "../own-etcd/etcd-child.ts";
import type { EtcdProgram } from "../own-etcd/etcd-program.ts";
import type { OwnEtcd } from "../own-etcd/own-etcd.ts";
import type { EtcdMembers } from "./etcd-members.ts";
import type { StandingAnswer } from "./formation-call.ts";
import type { KnownServers } from "./known-servers.ts";
import type { Membership, SavedFormation } from "./saved-formation.ts";
import type { Asking } from "./server-links.ts";

/** The part of this server's own etcd that formation uses. */
export type FormationEtcd = Pick<OwnEtcd, "endpoint" | "data" | "prepare" | "start" | "reach" | "forget" | "setAside">;

export interface OwnMemberOptions {
  readonly etcd: FormationEtcd;
  readonly program: EtcdProgram;
  readonly raftMultiplier: number;
  readonly saved: SavedFormation;
  readonly servers: KnownServers;
  readonly members: EtcdMembers;
  readonly asking: Asking;
  readonly clock: Clock;
  readonly log: Log;
}

/** Promotions wait until etcd has seen the learner's progress. */
const answerMsMax = 7_000;
/** Milliseconds for which etcd is not ready before this server asks the others whether it is still a member, and between two questions. */
const doubtMs = 2_000;
/** How often etcd must end with a text of damaged data, and not get ready, before this server asks to be taken in anew. */
const damagedEndsMin = 3;
/** The texts with which etcd ends when its files are damaged. */
const damage =
  /crc mismatch|cannot be repaired|failed to (?:read|open|verify|recover).*(?:WAL|wal|snap|database|backend)|slice bounds|wal: |snap: |unexpected EOF|freelist|page \d+|invalid database|checksum error|corrupt|database snapshot file|file checksum|proto: |unexpected block type|runtime error/i;

/**
 * This server's etcd as a member of the cluster: it is started as its saved membership says, promoted, and watched. When it
 * is a member no longer, or its data is gone, the membership becomes "lost".
 */
export class OwnMember {
  readonly #options: OwnMemberOptions;
  #isStarted = false;
  #isReady = false;
  #damagedEnds = 0;
  #hasEnded = false;
  /** Since when etcd has not been ready, or when this server last asked for its standing. */
  #doubtSinceMs = 0;

  constructor(options: OwnMemberOptions) {
    this.#options = options;
  }

  /** Whether etcd answers as a voter, so that it can list and change the members. */
  get isServing(): boolean {
    return this.#isReady && this.#membership?.stage === "member";
  }

  /** Whether etcd cannot start, as its files are damaged. */
  get isDamaged(): boolean {
    return this.#damagedEnds >= damagedEndsMin;
  }

  get #membership(): Membership | undefined {
    return this.#options.saved.state.membership;
  }

  /** Takes up an event of etcd. */
  health(event: EtcdHealth): void {
    const wasReady = this.#isReady;
    this.#isReady = event.state === "ready";
    if (event.state === "ready") this.#damagedEnds = 0;
    if (event.state === "ended") {
      this.#hasEnded = true;
      this.#damagedEnds += damage.test(event.reason) ? 1 : 0;
      if (wasReady) this.#doubtSinceMs = this.#options.clock.monotonicMs();
    }
  }

  /** Takes the next step of a server that has a membership. @returns why it is no voter yet; "" if it is one, or was one */
  async step(): Promise<string> {
    const membership = this.#membership;
    if (!membership) return "";
    if (membership.stage === "decided") await this.#begin();
    else if (!this.#isStarted && this.#isDataLost(membership)) {
      await this.lose("its data is gone");
      return "";
    }
    if (!this.#isStarted) this.#start();
    if (this.#isReady) return membership.stage === "member" ? "" : this.#enter();
    if (this.#hasEnded && membership.state === "existing" && this.#options.etcd.data !== "written") {
      await this.lose("it could not join");
      return "";
    }
    await this.#doubt();
    return membership.stage === "member" ? "" : "etcd is not ready";
  }

  /** Asks the others what this server is in the cluster. */
  standing(raftId: string): Promise<StandingAnswer> {
    return this.#ask(raftId, false);
  }

  /** Ends etcd for good. */
  async retire(): Promise<void> {
    const { etcd, program } = this.#options;
    await etcd.setAside(program);
    this.#forgetRun();
  }

  /** Records that etcd is a member no longer, and moves its data aside. */
  async lose(reason: string): Promise<void> {
    this.#options.log.warn("This server's etcd is no member of the cluster any more: the others take it in anew", {
      reason,
    });
    await this.#change({ stage: "lost" });
    await this.retire();
  }

  async #begin(): Promise<void> {
    await this.retire();
    this.#options.etcd.prepare();
    await this.#change({ stage: "begun" });
  }

  #isDataLost({ stage }: Membership): boolean {
    const { data } = this.#options.etcd;
    return data === "none" || (stage === "member" && data === "prepared");
  }

  #start(): void {
    const { etcd, program, raftMultiplier, clock } = this.#options;
    const membership = this.#membership;
    if (!membership || membership.stage === "lost") return;
    this.#isStarted = true;
    this.#doubtSinceMs = clock.monotonicMs();
    const { token, members, state } = membership;
    etcd.start(program, { token, members, state, raftMultiplier });
  }

  #forgetRun(): void {
    this.#isStarted = false;
    this.#isReady = false;
    this.#hasEnded = false;
    this.#damagedEnds = 0;
  }

  /** Makes etcd, which is ready for the first time, a voter. */
  async #enter(): Promise<string> {
    const { raftId } = await this.#options.members.status();
    if (this.#membership?.state === "existing") {
      const { standing, why } = await this.#ask(raftId, true);
      if (standing === "removed") {
        await this.lose("another member has removed it");
        return "";
      }
      if (standing !== "voter") return why || standing;
    }
    await this.#change({ stage: "member", raftId });
    return "";
  }

  /** Asks the others whether this server is still a member, when its etcd has not been ready for a while. */
  async #doubt(): Promise<void> {
    const { clock } = this.#options;
    if (clock.monotonicMs() - this.#doubtSinceMs < doubtMs) return;
    const raftId = this.#membership?.raftId ?? null;
    const { standing } = await this.#ask(raftId, false);
    this.#doubtSinceMs = clock.monotonicMs();
    // The servers that begin a cluster are voters from the start, so a learner of that name is another member.
    const isReplaced = standing === "learner" && this.#membership?.state === "new";
    if ((standing === "removed" || isReplaced) && !this.#isReady) await this.lose("another member has removed it");
  }

  /** Asks one linked server after the other until one knows. */
  async #ask(raftId: string | null, promote: boolean): Promise<StandingAnswer> {
    const { asking, servers } = this.#options;
    const { token = "", isNew = false } = this.#membership ?? {};
    let last: StandingAnswer = { standing: "unknown", why: "no other member answers" };
    for (const { id } of servers.all) {
      if (!servers.isLinked(id)) continue;
      const question = { ask: "standing", token, raftId, promote, isNew } as const;
      const answer = await asking.tryAsk<"standing">(id, question, answerMsMax);
      if (answer && answer.standing !== "unknown" && answer.standing !== "other-cluster") return answer;
      if (answer) last = answer;
    }
    return last;
  }

  async #change(change: Partial<Membership>): Promise<void> {
    await this.#options.saved.change(
      (state) => state.membership && { ...state, membership: { ...state.membership, ...change } },
    );
  }
}
