import { type Clock, sleep } from "../../lib/clock.ts";
import { messageOf, OperatingError } from "../../lib/errors.ts";
import { KeyedQueue } from "../../lib/keyed-queue.ts";
import type { Log } from "../../lib/log.ts";
import type { EtcdMember, EtcdMembers } from "./etcd-members.ts";
import type { Question, StandingAnswer, TakeInAnswer } from "./formation-call.ts";
import type { KnownServers } from "./known-servers.ts";
import type { SavedFormation } from "./saved-formation.ts";
import type { Asking } from "./server-links.ts";

interface AdmissionOptions {
  /** The node id of this server. */
  readonly id: string;
  readonly saved: SavedFormation;
  readonly servers: KnownServers;
  readonly members: EtcdMembers;
  readonly asking: Asking;
  /** Whether this server's etcd is ready, as a voter. */
  readonly isServing: () => boolean;
  readonly clock: Clock;
  readonly log: Log;
  /** Aborts when this server stops. */
  readonly signal: AbortSignal;
}

const answerMsMax = 2_000;
/** Milliseconds without a link after which a server counts as dead, so that a learner does not block others for ever. */
const deadAfterMs = 10_000;
/** The smallest number of voters to which a cluster goes down by itself. */
const votersMin = 3;
/** Milliseconds between two looks for a dead server that a new one replaces, and how often to look. */
const replaceLookMs = 1_000;
const replaceLooks = 30;

/**
 * The part of a member: it takes other servers into the cluster, and removes some from it.
 *
 * A server that is taken in becomes a learner, and a voter when it has the data. If it had been a member before, that member is
 * removed first: its etcd has forgotten its votes, and must not vote again under the same id of raft.
 */
export class Admission {
  readonly #options: AdmissionOptions;
  readonly #queue = new KeyedQueue();

  constructor(options: AdmissionOptions) {
    this.#options = options;
  }

  /** Takes a server in that has no data. */
  takeIn(asked: Extract<Question, { readonly ask: "take-in" }>, id: string): Promise<TakeInAnswer> {
    return this.#queue.run(["members"], async () => {
      try {
        return await this.#takeIn(asked, id);
      } catch (error) {
        return { isTaken: false, why: messageOf(error) };
      }
    });
  }

  /** Says what the server is in this cluster, and makes it a voter if it asks for that. */
  async standing(asked: Extract<Question, { readonly ask: "standing" }>, id: string): Promise<StandingAnswer> {
    const { saved, isServing, members } = this.#options;
    if (!isServing()) return { standing: "unknown", why: "this server's etcd is not ready" };
    const { token, raftId, promote, isNew } = asked;
    if (token !== saved.state.membership?.token)
      return { standing: "other-cluster", why: "this server belongs to another cluster" };
    try {
      const member = (await members.list()).find((each) => each.id === id);
      if (!member || (raftId !== null && raftId !== member.raftId)) return { standing: "removed", why: "" };
      if (member.isVoter) return { standing: "voter", why: "" };
      if (!promote) return { standing: "learner", why: "" };
      await members.promote(member.raftId);
      this.#options.log.info("Made a server a voter", { id });
      if (isNew) void this.#replace(id);
      return { standing: "voter", why: "" };
    } catch (error) {
      return { standing: "unknown", why: messageOf(error) };
    }
  }

  /**
   * Removes a server, as an operator asks.
   * @throws OperatingError not-found "raft-peer-missing"; unavailable "raft-peer-needed" if the voters that are left would have no
   * majority that is alive
   */
  remove(id: string): Promise<void> {
    return this.#queue.run(["members"], async () => {
      const { members } = this.#options;
      const list = await members.list();
      const member = list.find((each) => each.id === id);
      if (!member) {
        const text = `id ${JSON.stringify(id)} was not found in the Raft configuration`;
        throw new OperatingError("not-found", "raft-peer-missing", text);
      }
      this.#mustSpare(list, member);
      await this.#remove(member);
    });
  }

  /** Forgets the servers that are neither members nor linked. */
  async forgetStrangers(): Promise<void> {
    const { members, servers } = this.#options;
    const ids = new Set((await members.list()).map(({ id }) => id));
    for (const { id } of servers.all) if (!ids.has(id) && servers.absentMs(id) > deadAfterMs) await servers.forget(id);
  }

  async #takeIn(asked: Extract<Question, { readonly ask: "take-in" }>, id: string): Promise<TakeInAnswer> {
    const { saved, servers, members, asking, isServing, log } = this.#options;
    const { membership } = saved.state;
    if (!isServing() || !membership) return { isTaken: false, why: "this server's etcd is not ready" };
    const list = await members.list();
    const before = list.find((each) => each.id === id);
    // The list is from before this question. So if another member has taken the server in meanwhile, its raft id is not in the list,
    // and the removal below does nothing.
    const { isOpen } = await asking.ask<"confirm">(id, { ask: "confirm", attempt: asked.attempt }, answerMsMax);
    if (!isOpen) return { isTaken: false, why: "the server has given up this attempt" };
    if (before) {
      if (before.isVoter) this.#mustSpare(list, before);
      await this.#remove(before);
    }
    for (const learner of list)
      if (!learner.isVoter && learner !== before && servers.absentMs(learner.id) > deadAfterMs)
        await this.#remove(learner);
    await members.add(id);
    const now = await members.list();
    log.info("Took a server in", { id, members: now.length });
    return {
      isTaken: true,
      token: membership.token,
      raftId: now.find((each) => each.id === id)?.raftId ?? "",
      members: now.map((each) => each.id),
      known: [servers.own, ...servers.all],
      givenUp: saved.state.givenUp,
      isNew: asked.isNew && !before?.isVoter,
    };
  }

  /** @throws OperatingError unless most of the voters that are left without this one are alive */
  #mustSpare(list: readonly EtcdMember[], without: EtcdMember): void {
    if (!without.isVoter) return;
    const left = list.filter((each) => each.isVoter && each !== without);
    const alive = left.filter(({ id }) => this.#options.servers.isAlive(id)).length;
    if (alive > left.length / 2) return;
    const dead = left.filter(({ id }) => !this.#options.servers.isAlive(id)).map(({ id }) => this.#nameOf(id));
    const message = `without ${this.#nameOf(without.id)}, only ${alive} of ${left.length} servers would be alive: start ${dead.join(", ") || "another server"} first`;
    throw new OperatingError("unavailable", "raft-peer-needed", message);
  }

  async #remove({ raftId, id }: EtcdMember): Promise<void> {
    await this.#options.members.remove(raftId);
    this.#options.log.info("Removed a server from the cluster", { id, raft: raftId });
  }

  /** Removes a dead server in whose place a new one has come: one of the same name, else the one that has been away for longest. */
  async #replace(joined: string): Promise<void> {
    const { clock, signal, log } = this.#options;
    for (let looks = 0; looks < replaceLooks && !signal.aborted; looks++) {
      try {
        if (await this.#queue.run(["members"], () => this.#removeDead(joined))) return;
      } catch (error) {
        log.debug("Cannot look for a dead server", { error: messageOf(error) });
      }
      await sleep(clock, replaceLookMs, signal);
    }
  }

  async #removeDead(joined: string): Promise<boolean> {
    const { servers, members } = this.#options;
    const list = await members.list();
    const voters = list.filter(({ isVoter }) => isVoter);
    if (voters.length <= votersMin) return true;
    const absent = voters.filter(({ id }) => servers.absentMs(id) > deadAfterMs);
    if (absent.length === 0) return false;
    const seen = new Set(await this.#seenByOthers(voters));
    const name = servers.get(joined)?.name;
    const [dead] = absent
      .filter(({ id }) => !seen.has(id))
      .toSorted((one, other) => servers.absentMs(other.id) - servers.absentMs(one.id))
      .toSorted((one, other) => Number(this.#nameOf(other.id) === name) - Number(this.#nameOf(one.id) === name));
    if (!dead) return false;
    this.#mustSpare(list, dead);
    await this.#remove(dead);
    return true;
  }

  /** Returns the ids of the servers to which any linked voter has a link. */
  async #seenByOthers(voters: readonly EtcdMember[]): Promise<readonly string[]> {
    const { servers, asking, id } = this.#options;
    const others = voters.filter((each) => each.id !== id && servers.isLinked(each.id));
    const question = { ask: "hello", own: servers.own, known: servers.all } as const;
    const answers = await Promise.all(others.map((each) => asking.ask<"hello">(each.id, question, answerMsMax)));
    return answers.flatMap(({ linked }) => linked);
  }

  #nameOf(id: string): string {
    return this.#options.servers.get(id)?.name ?? id;
  }
}
