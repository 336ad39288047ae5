import type { Clock } from "../../lib/clock.ts";
import { messageOf, OperatingError } from "../../lib/errors.ts";
import type { Log } from "../../lib/log.ts";
import { LogThrottle } from "../../lib/log-throttle.ts";
import type { Random } from "../../lib/random.ts";
import type { LocalRow } from "../../registry/local-rows.ts";
import type { ServerAddress } from "../join-call.ts";
import type { EtcdHealth } from "../own-etcd/etcd-child.ts";
import type { EtcdProgram } from "../own-etcd/etcd-program.ts";
import { Admission } from "./admission.ts";
import { Bootstrap } from "./bootstrap.ts";
import type { EtcdMember, EtcdMembers } from "./etcd-members.ts";
import { Departure } from "./departure.ts";
import { decodeQuestion, type Hello, type Phase, type Question } from "./formation-call.ts";
import { Greetings } from "./greetings.ts";
import { KnownServers } from "./known-servers.ts";
import { type FormationEtcd, OwnMember } from "./own-member.ts";
import { type Membership, type RowWriter, SavedFormation } from "./saved-formation.ts";
import { Asking, type ServerLinks } from "./server-links.ts";
import { Wakeup } from "./wakeup.ts";

export interface FormationOptions {
  readonly own: ServerAddress;
  /** The -bootstrap-expect of this server; 0 without: it then only joins a cluster that exists. */
  readonly expect: number;
  /** Whether this server has data of the time when it was alone. */
  readonly hasLoneData: boolean;
  readonly links: ServerLinks;
  readonly localRows: RowWriter;
  /** The local rows as they were read at the start. */
  readonly local: readonly LocalRow[];
  readonly etcd: FormationEtcd;
  readonly members: EtcdMembers;
  readonly program: EtcdProgram;
  readonly raftMultiplier: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** The cluster of which this server's etcd is a voter. */
export interface Formed {
  /** The endpoint of this server's etcd. */
  readonly endpoint: string;
  readonly token: string;
  /** Whether the cluster began with this server's data. It stays true over restarts. */
  readonly isFounder: boolean;
  /** Whether this server began the cluster with another one, whose data went in. */
  readonly hasOtherFounder: boolean;
}

/** A server whose etcd is a member. */
export interface FormationPeer {
  readonly id: string;
  readonly raftId: string;
  /** The address, port and name; undefined for a member that has never been heard of. */
  readonly server: ServerAddress | undefined;
  /** False for a server that is being taken in. */
  readonly isVoter: boolean;
  /** Whether its etcd leads raft. Praetor's leader may be another server. */
  readonly leadsRaft: boolean;
}

/** Milliseconds between two rounds of a server that is no voter yet; a random part of up to as much is added. */
const seekMs = 100;
/** Milliseconds between two rounds of a member. */
const memberMs = 10_000;
/** A member waits for etcd and for a confirmation while it takes a server in. */
const takeInMsMax = 15_000;
/** Milliseconds between two greetings of a server that knows its cluster and is no voter yet. */
const greetMs = 2_000;

/** Opens the formation of a server. @throws OperatingError of the store when the number of this start is not saved */
export async function openFormation(options: FormationOptions): Promise<Formation> {
  const saved = new SavedFormation(options.localRows, options.local);
  await saved.change((state) => ({ ...state, start: state.start + 1 }));
  const formation = new Formation(options, saved);
  await formation.open();
  return formation;
}

/**
 * Keeps this server's etcd a member of the right cluster: begins a cluster with others, joins one, goes on after a restart, and is
 * taken in anew after it has lost its data or was removed.
 *
 * One loop takes one step at a time; calls of other servers and events of etcd wake it. All that other servers rely on is in
 * SavedFormation, on disk before they learn of it, so the loop can be stopped at any point and begun again.
 */
export class Formation {
  readonly #options: FormationOptions;
  readonly #saved: SavedFormation;
  readonly #servers: KnownServers;
  readonly #asking: Asking;
  readonly #bootstrap: Bootstrap;
  readonly #admission: Admission;
  readonly #member: OwnMember;
  readonly #departure: Departure;
  readonly #greetings: Greetings;
  readonly #wakeup: Wakeup;
  readonly #throttle: LogThrottle;
  readonly #formed = Promise.withResolvers<Formed>();
  readonly #stopping = new AbortController();
  #running: Promise<void> = Promise.resolve();
  /** The id of the question by which this server now asks to be taken in. */
  #takeIn: string | undefined;
  #list: readonly EtcdMember[] = [];
  /** The raft id of the member that the log has named last. */
  #announced: string | undefined;

  constructor(options: FormationOptions, saved: SavedFormation) {
    const { own, links, clock } = options;
    this.#options = options;
    this.#saved = saved;
    this.#servers = new KnownServers({ ...options, saved });
    this.#asking = new Asking(links, clock);
    const parts = { ...options, id: own.id, name: own.name, saved, servers: this.#servers, asking: this.#asking };
    this.#bootstrap = new Bootstrap(parts);
    this.#member = new OwnMember(parts);
    const { signal } = this.#stopping;
    this.#admission = new Admission({ ...parts, isServing: () => this.#member.isServing, signal });
    this.#departure = new Departure({ ...parts, member: this.#member });
    this.#greetings = new Greetings(parts);
    this.#wakeup = new Wakeup(clock);
    this.#throttle = new LogThrottle(clock);
  }

  /** Resolves when this server's etcd is a voter and ready, for the first time since the start. */
  get formed(): Promise<Formed> {
    return this.#formed.promise;
  }

  /** The token of the cluster; undefined before this server knows one. */
  get token(): string | undefined {
    return this.#membership?.token;
  }

  /** Returns whether the servers of this cluster have given up the one with that token; see recoveryRows. */
  hasGivenUp(token: string): boolean {
    return this.#saved.state.givenUp.includes(token);
  }

  /** Records that another cluster is in the place of this server's, which must not start again. @returns false if it was recorded */
  giveUp(): Promise<boolean> {
    return this.#saved.change((state) => (state.isGivenUp ? undefined : { ...state, isGivenUp: true }));
  }

  /** All other servers of which this one knows, with the newest address of each. */
  get known(): readonly ServerAddress[] {
    return this.#servers.all;
  }

  get #membership(): Membership | undefined {
    return this.#saved.state.membership;
  }

  async open(): Promise<void> {
    await this.#bootstrap.recover();
    this.#options.links.onChange(() => this.#wakeup.call());
    this.#running = this.#run();
  }

  /** Takes up an event of this server's etcd. */
  health(event: EtcdHealth): void {
    this.#member.health(event);
    this.#wakeup.call();
  }

  /** Answers a call of kind "formation". @throws OperatingError invalid if the head is none */
  async answer(head: unknown, { id }: Pick<ServerAddress, "id">): Promise<unknown> {
    const question = decodeQuestion(head);
    const answer = await this.#answer(question, id);
    if (question.ask === "release" || question.ask === "decided") this.#wakeup.call();
    return answer;
  }

  /** Returns the members of etcd; those of the last successful call while no majority answers. */
  async peers(): Promise<readonly FormationPeer[]> {
    const { members } = this.#options;
    let leader: string | undefined;
    try {
      if (!this.#member.isServing) throw new Error("etcd is not ready");
      this.#list = await members.list();
      leader = (await members.status()).leader;
    } catch {
      leader = undefined;
    }
    return this.#list.map((member) => ({
      ...member,
      server: this.#servers.get(member.id),
      leadsRaft: member.raftId === leader,
    }));
  }

  /** Lets another voter lead raft, of which this server's etcd is the leader. @throws GrpcError if it is not, or the voter lags */
  handRaftTo(raftId: string): Promise<void> {
    return this.#options.members.moveLeader(raftId);
  }

  /**
   * Removes a server from the cluster, which an operator has found to be gone. A server that still runs joins again by itself. Before
   * there is a cluster: takes back the promise that this server has given to that server.
   * @throws OperatingError not-found "raft-peer-missing"; unavailable "no-cluster" if this server's etcd is not ready, or
   * "raft-peer-needed"
   */
  async remove(id: string): Promise<void> {
    if (!(await this.#bootstrap.releaseFrom(id))) {
      this.#mustServe();
      await this.#admission.remove(id);
    }
    this.#wakeup.call();
  }

  /**
   * Takes this server out of its cluster: out of etcd, whose data is moved aside. Its only voter stays as it is, as its data would be
   * lost. Then stops.
   * @throws OperatingError unavailable "no-cluster"; Error of etcd when no majority answers
   */
  async leave(): Promise<void> {
    if (this.#membership) {
      this.#mustServe();
      await this.#departure.leave();
    }
    await this.stop();
  }

  /** Stops the loop. This server stays a member, and its etcd goes on. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#wakeup.call();
    await this.#running;
  }

  async #answer(question: Question, from: string): Promise<unknown> {
    switch (question.ask) {
      case "hello":
        await this.#servers.learn([question.own, ...question.known]);
        // The record of this server may have changed, and the others must learn that.
        if (this.#greetings.isDue(Infinity)) this.#wakeup.call();
        return this.#hello();
      case "promise":
        // Taken in elsewhere and bound to begin, this server would be a member twice.
        if (this.#takeIn) return { isGiven: false, why: `${this.#options.own.name} is being taken into a cluster` };
        return this.#bootstrap.promise(question, from);
      case "release":
        return this.#bootstrap.release(question.attempt, from);
      case "decided":
        return this.#bootstrap.decided(question);
      case "outcome":
        return this.#bootstrap.outcome(question.attempt, question.starter);
      case "take-in":
        return this.#admission.takeIn(question, from);
      case "confirm":
        return { isOpen: this.#takeIn === question.attempt && !this.#saved.state.promised };
      case "standing":
        return this.#admission.standing(question, from);
    }
  }

  #hello(): Hello {
    const { expect, hasLoneData, links } = this.#options;
    return {
      own: this.#servers.own,
      known: this.#servers.all,
      expect,
      hasLoneData,
      phase: this.#phase(),
      token: this.#membership?.token ?? null,
      linked: links.linked.map(({ id }) => id),
    };
  }

  #phase(): Phase {
    if (this.#member.isServing) return "member";
    const { membership, promised } = this.#saved.state;
    if (membership) return membership.stage === "lost" ? "lost" : "forming";
    return promised ? "promised" : "none";
  }

  async #run(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      const before = this.#membership;
      try {
        await this.#servers.look();
        const waitsFor = await this.#step();
        if (waitsFor !== "") this.#say(waitsFor);
        if (this.#membership !== before) continue;
      } catch (error) {
        this.#say(messageOf(error));
      }
      const isQuiet = this.#member.isServing;
      await this.#wakeup.wait(isQuiet ? memberMs : seekMs * (1 + this.#options.random.uniform()));
    }
  }

  /** Takes the next step. @returns what this server waits for; "" for nothing */
  async #step(): Promise<string> {
    if (this.#departure.isUnderWay) return "";
    const membership = this.#membership;
    if (!membership) return this.#seek(await this.#greetings.greet());
    if (membership.stage === "lost") return this.#ask(await this.#greetings.greet(), false);
    if (this.#member.isDamaged) await this.#replaceDamaged();
    const waitsFor = await this.#member.step();
    if (this.#greetings.isDue(this.#member.isServing ? memberMs : greetMs)) await this.#greetings.greet();
    if (this.#member.isServing) await this.#serve();
    return waitsFor;
  }

  /** Asks the others to take this server in anew. Until they do, etcd is started again and again. */
  async #replaceDamaged(): Promise<void> {
    const waitsFor = await this.#ask(await this.#greetings.greet(), false);
    if (waitsFor !== "") this.#say(`the files of its etcd are damaged, and its place is not renewed yet: ${waitsFor}`);
  }

  async #serve(): Promise<void> {
    const { etcd, own, log } = this.#options;
    const { membership } = this.#saved.state;
    if (!membership) return;
    const { token, founder, raftId } = membership;
    if (raftId !== this.#announced)
      log.info("This server is a member of the cluster", { cluster: token, raft: raftId });
    this.#announced = raftId;
    this.#formed.resolve({
      endpoint: etcd.endpoint,
      token,
      isFounder: founder === own.id,
      hasOtherFounder: founder !== undefined && founder !== "" && founder !== own.id,
    });
    await this.#admission
      .forgetStrangers()
      .catch((error: unknown) => log.debug("Cannot list the members", { error: messageOf(error) }));
  }

  async #seek(seen: ReadonlyMap<string, Hello>): Promise<string> {
    const { promised, membership } = this.#saved.state;
    // The decision has come while this server said hello.
    if (membership) return "";
    if (promised) {
      await this.#bootstrap.inquire(promised, [...seen.keys()]);
      return this.#saved.state.promised ? this.#bound(promised.to) : "";
    }
    const phases = [...seen.values()].map(({ phase }) => phase);
    if (phases.includes("member")) {
      if (!this.#options.hasLoneData) return this.#ask(seen, true);
      return (
        "a cluster exists, and this server has data of its own, which would be lost if it joined. Take a backup by " +
        "'praetor snapshot save FILE' while it runs alone, stop it, delete its data folder, and start it again"
      );
    }
    if (phases.includes("forming") || phases.includes("lost"))
      return "the cluster of another server, which is not ready";
    return (await this.#bootstrap.propose(seen)) ?? "";
  }

  #bound(starter: string): string {
    const name = this.#servers.get(starter)?.name ?? starter;
    if (this.#servers.isLinked(starter)) return `${name} starts the cluster`;
    return (
      `${name}, which has begun to start a cluster with this server and does not answer: start it again. If it is gone for ` +
      `good: praetor operator raft remove-peer -id=${starter}`
    );
  }

  /** Asks a member to take this server in. */
  async #ask(seen: ReadonlyMap<string, Hello>, isNew: boolean): Promise<string> {
    const { random } = this.#options;
    const before = this.#membership;
    const hosts = [...seen].filter(
      ([, { phase, token }]) => phase === "member" && (before === undefined || token === before.token),
    );
    const host = hosts[Math.floor(random.uniform() * hosts.length)]?.[0];
    if (host === undefined) return "a member of the cluster that takes this server in";
    const attempt = random.uuid();
    this.#takeIn = attempt;
    try {
      const answer = await this.#asking.ask<"take-in">(host, { ask: "take-in", attempt, isNew }, takeInMsMax);
      if (!answer.isTaken) return answer.why;
      await this.#servers.learn(answer.known);
      const { token, members, raftId, givenUp } = answer;
      const joined = { stage: "decided", state: "existing", token, members, raftId, isNew: answer.isNew } as const;
      await this.#saved.change((state) => {
        // This server may have promised meanwhile to begin with others.
        if (state.promised || state.membership !== before) return undefined;
        return { ...state, givenUp, membership: { ...joined, attempt: undefined, founder: undefined } };
      });
      return "";
    } finally {
      this.#takeIn = undefined;
    }
  }

  #mustServe(): void {
    if (this.#member.isServing) return;
    throw new OperatingError("unavailable", "no-cluster", "No cluster leader");
  }

  #say(waitsFor: string): void {
    if (this.#throttle.isNew(waitsFor))
      this.#options.log.info("Waits to become a member of a cluster", { for: waitsFor });
  }
}
