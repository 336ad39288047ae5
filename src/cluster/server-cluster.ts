import { type Clock, sleep } from "../lib/clock.ts";
import { OperatingError } from "../lib/errors.ts";
import { consulVersion } from "../model/consul-version.ts";
import { pingMs } from "../link/link.ts";
import { isServer, type Member, nodeIdOf } from "../model/member.ts";
import type {
  ClusterHealth,
  ClusterView,
  ProgramVersions,
  RaftPeer,
  ServerHealth,
  ServerId,
} from "../registry/cluster-view.ts";
import { readAutopilot } from "../registry/autopilot.ts";
import type { Registry } from "../registry/registry.ts";
import type { Formation } from "./formation/formation.ts";
import type { ServerAddress } from "./join-call.ts";
import type { CallLeader, ForceLeaveCall, LeaderHandler, LeaderTerm } from "./leader-calls.ts";
import type { ServerLinks } from "./server-links.ts";

export interface ServerClusterOptions {
  readonly own: ServerAddress;
  readonly store: Pick<Registry, "leads" | "state">;
  /** Returns the leader as far as this server knows. */
  readonly leader: () => LeaderTerm | undefined;
  readonly links: Pick<ServerLinks, "call" | "known" | "silentMs">;
  readonly calls: CallLeader;
  /** All members, this server first. */
  readonly members: {
    readonly all: readonly Member[];
    forceLeave(name: string, how: { readonly prune: boolean }): Promise<unknown>;
  };
  /** How the servers agree on the members of their own etcd; undefined with an etcd that others run. */
  readonly formation: () => Formation | undefined;
  readonly versions: ProgramVersions;
  readonly clock: Clock;
}

/** The call by which a server learns from the leader how healthy all servers are. */
export const healthCall = "cluster-health";
/** The call by which the leader learns how far another server is. */
export const progressCall = "server-progress";

/** The answer to progressCall. */
export interface Progress {
  readonly term: number;
  /** The index of the newest write in the server's state. */
  readonly index: number;
  /** The server's wall clock, in milliseconds since 1970. The first Praetors tell neither the time nor their versions. */
  readonly wallMs?: number;
  readonly versions?: ProgramVersions;
}

/** The answer of a server, and how far its wall clock is ahead of this one's as far as the round trip does not explain it. */
interface Asked {
  readonly progress: Progress;
  readonly clockAheadMs: number | undefined;
}

/**
 * Time after which a server without an answer counts as unhealthy, in milliseconds, if autopilot's LastContactThreshold is not
 * longer. By default that is 200 ms, which is less than a small board may need under load.
 */
const answerMsMaxMin = 1_000;

/** The limits to which a healthy server keeps. */
interface Limits {
  readonly answerMsMax: number;
  /** The lowest index that it may have. */
  readonly indexMin: number;
}

/** The cluster as one of its servers sees it. */
export class ServerCluster implements ClusterView {
  readonly isAlone = false;
  readonly #options: ServerClusterOptions;
  /** The monotonic time at which the leader was last heard. */
  #heardMs = -Infinity;
  #term = 0;
  #judgement: ClusterView["judgement"];
  /** By id: the monotonic time at which a server was last heard, as far as anything has asked for it. */
  readonly #heard = new Map<string, number>();
  /** By id: whether the server was healthy when it was last judged, and since when. */
  readonly #stable = new Map<string, { readonly isHealthy: boolean; readonly sinceMs: number }>();

  constructor(options: ServerClusterOptions) {
    this.#options = options;
  }

  get own(): ServerId {
    return serverIdOf(this.#options.own);
  }

  get leads(): boolean {
    return this.#options.store.leads;
  }

  get leader(): ServerId | undefined {
    const id = this.#options.leader()?.name;
    if (id === undefined) return undefined;
    return id === this.own.id ? this.own : this.#servers.find((server) => server.id === id);
  }

  get lastContactMs(): number {
    if (this.leads) return 0;
    const { clock, leader, links } = this.#options;
    const nowMs = clock.monotonicMs();
    const silentMs = links.silentMs(leader()?.name ?? "");
    if (silentMs !== undefined) this.#heardMs = nowMs - silentMs;
    return inMicroseconds(nowMs - this.#heardMs);
  }

  get knownPeers(): readonly RaftPeer[] {
    return this.#servers.map((server) => ({ ...server, leads: this.#isLeader(server), isVoter: true }));
  }

  get term(): number {
    this.#term = this.#options.leader()?.term ?? this.#term;
    return this.#term;
  }

  get latenessMs(): readonly number[] {
    if (!this.leads) return [];
    return this.#servers.filter(({ id }) => id !== this.own.id).map(({ id }) => this.#latenessOf(id));
  }

  get judgement(): ClusterView["judgement"] {
    return this.leads ? this.#judgement : undefined;
  }

  /** How far this server is. */
  get progress(): Progress {
    const { clock, store, versions } = this.#options;
    return { term: this.term, index: store.state.index, wallMs: clock.wallMs(), versions };
  }

  async peers(): Promise<readonly RaftPeer[]> {
    const formation = this.#options.formation();
    if (!formation) return this.knownPeers;
    const known = new Map(this.#servers.map((server) => [server.id, server]));
    return (await formation.peers()).map(({ id, isVoter, server }): RaftPeer => {
      const found = known.get(id) ?? (server ? serverIdOf(server) : { id, name: "(unknown)", address: "" });
      return { ...found, leads: this.#isLeader(found), isVoter };
    });
  }

  async health(): Promise<ClusterHealth> {
    if (this.leads) return this.judge();
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the leader's `judge` made the answer
    return (await this.#options.calls.callLeader(healthCall, null)) as ClusterHealth;
  }

  /** Asks all servers how far they are, and judges their health. Called on the leader. */
  async judge(): Promise<ClusterHealth> {
    const peers = await this.peers();
    const { store } = this.#options;
    const { lastContactThresholdMs, maxTrailingLogs } = readAutopilot(store);
    const limits = {
      answerMsMax: Math.max(answerMsMaxMin, lastContactThresholdMs),
      // The index from before the question, so that a server is not behind by what is written meanwhile.
      indexMin: store.state.index - maxTrailingLogs,
    };
    const judged = await Promise.all(peers.map((peer) => this.#judgeOne(peer, limits)));
    const servers = judged.toSorted((left, right) => Number(right.leads) - Number(left.leads));
    const voters = servers.filter(({ isVoter }) => isVoter);
    const healthy = voters.filter(({ isHealthy }) => isHealthy).length;
    const quorum = Math.floor(voters.length / 2) + 1;
    this.#judgement = {
      isHealthy: servers.every(({ isHealthy }) => isHealthy),
      failureTolerance: Math.max(0, healthy - quorum),
    };
    return { ...this.#judgement, servers };
  }

  async removePeer({ id, name }: RaftPeer): Promise<void> {
    const { formation, members } = this.#options;
    await formation()?.remove(id);
    await members.forceLeave(name, { prune: false });
  }

  /**
   * Lets a member leave, as an operator asks. A server that is not alive loses its vote first. Called on the leader.
   * @throws OperatingError unavailable "raft-peer-needed"; the member has not left then
   */
  async forceLeave(call: ForceLeaveCall, leave: LeaderHandler): Promise<unknown> {
    const member = this.#options.members.all.find(({ name }) => name === call.name);
    const isDead = member?.status === "failed" || member?.status === "left";
    if (member && isDead && isServer(member)) await this.#removeVoter(nodeIdOf(member));
    return leave(call);
  }

  async #removeVoter(id: string): Promise<void> {
    try {
      await this.#options.formation()?.remove(id);
    } catch (error) {
      if (!(error instanceof OperatingError && error.kind === "not-found")) throw error;
    }
  }

  /** Each server sends a ping every second. A server that was never heard counts as heard at the first question. */
  #latenessOf(id: string): number {
    const { clock, links } = this.#options;
    const nowMs = clock.monotonicMs();
    const silentMs = links.silentMs(id);
    const heardMs = silentMs === undefined ? (this.#heard.get(id) ?? nowMs) : nowMs - silentMs;
    this.#heard.set(id, heardMs);
    return inMicroseconds(Math.max(0, nowMs - heardMs - pingMs));
  }

  async #judgeOne(peer: RaftPeer, { answerMsMax, indexMin }: Limits): Promise<ServerHealth> {
    const { links, members, clock } = this.#options;
    const isOwn = peer.id === this.own.id;
    const own = { progress: this.progress, clockAheadMs: 0 };
    const asked = isOwn ? own : await this.#ask(peer.id, answerMsMax).catch(() => undefined);
    const progress = asked?.progress;
    const member = members.all.find((each) => nodeIdOf(each) === peer.id);
    const isHealthy = progress !== undefined && progress.index >= indexMin;
    const before = this.#stable.get(peer.id);
    const stable = before?.isHealthy === isHealthy ? before : { isHealthy, sinceMs: clock.wallMs() };
    this.#stable.set(peer.id, stable);
    const silentMs = links.silentMs(peer.id);
    return {
      ...peer,
      status: member?.status ?? "failed",
      version: consulVersion,
      lastContactMs: isOwn ? 0 : silentMs && inMicroseconds(silentMs),
      lastTerm: progress?.term ?? 0,
      lastIndex: progress?.index ?? 0,
      isHealthy,
      stableSinceMs: stable.sinceMs,
      clockAheadMs: asked?.clockAheadMs,
      versions: progress?.versions,
    };
  }

  async #ask(id: string, answerMsMax: number): Promise<Asked> {
    const { clock, links } = this.#options;
    const [wallMs, startMs] = [clock.wallMs(), clock.monotonicMs()];
    const late = sleep(clock, answerMsMax).then(() => {
      throw new OperatingError("timeout", "server-silent", "the server does not answer");
    });
    const { head } = await Promise.race([links.call(id, { kind: progressCall, head: null }), late]);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the server has proved that it belongs to this cluster
    const progress = head as Progress;
    const roundTripMs = clock.monotonicMs() - startMs;
    const clockAheadMs = progress.wallMs === undefined ? undefined : aheadMs(progress.wallMs - wallMs, roundTripMs);
    return { progress, clockAheadMs };
  }

  /** All servers that have not left, as the members and the links name them. */
  get #servers(): readonly ServerId[] {
    const { links, members } = this.#options;
    const servers = new Map<string, ServerId>(links.known.map((server) => [server.id, serverIdOf(server)]));
    servers.set(this.own.id, this.own);
    for (const member of members.all) {
      const id = nodeIdOf(member);
      if (!isServer(member) || id === this.own.id) continue;
      if (member.status === "left") servers.delete(id);
      else servers.set(id, { id, name: member.name, address: `${member.address}:${member.tags["port"]}` });
    }
    return [...servers.values()].toSorted((left, right) => (left.name < right.name ? -1 : 1));
  }

  #isLeader({ id }: ServerId): boolean {
    return this.#options.leader()?.name === id;
  }
}

/**
 * Returns how far a clock, which was read during a round trip, is ahead of the clock that was read before it. The other clock may
 * have been read at any moment of the round trip.
 * @param differenceMs what the other clock showed, less what this one showed before the round trip
 */
function aheadMs(differenceMs: number, roundTripMs: number): number {
  return Math.round(Math.max(0, differenceMs - roundTripMs) + Math.min(0, differenceMs)) || 0;
}

/** Rounds milliseconds to whole microseconds. */
function inMicroseconds(ms: number): number {
  return Math.round(ms * 1_000) / 1_000;
}

function serverIdOf({ id, name, address, port }: ServerAddress): ServerId {
  return { id, name, address: `${address.includes(":") ? `[${address}]` : address}:${port}` };
}
