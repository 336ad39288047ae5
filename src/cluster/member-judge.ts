import type { Clock, Timer } from "../lib/clock.ts";
import { messageOf, OperatingError } from "../lib/errors.ts";
import type { LogThrottle } from "../lib/log-throttle.ts";
import type { Log } from "../lib/log.ts";
import type { Meter } from "../lib/metrics.ts";
import { type Member, type MemberRow, nodeIdOf } from "../model/member.ts";
import {
  checkOfNode,
  deleteMember,
  getMember,
  getMemberOfId,
  listMembers,
  nodeOfMember,
  setMember,
} from "../registry/member.ts";
import type { Registry } from "../registry/registry.ts";
import { idInUse, refuseStranger, serverAlone, withoutSettings } from "./clash.ts";
import type { JoinRequest } from "./join-call.ts";
import type { MembersReport, RefusedAgent, ReportAnswer } from "./leader-calls.ts";
import { LinkTable } from "./link-table.ts";
import { aliveNode, failedNode, isShownAlive, memberOf } from "./member-rows.ts";
import { serfCheckId } from "./server-registration.ts";

export interface JudgeOptions {
  /** This server. */
  readonly own: Pick<JoinRequest, "id" | "name" | "datacenter">;
  /** Whether this server is one of several: it then accepts servers as members. */
  readonly isOfCluster: boolean;
  /** Milliseconds after which a member that has left or failed is forgotten. */
  readonly reconnectTimeoutMs: number;
  readonly counts: MemberCounts;
  readonly clock: Clock;
  readonly log: Log;
  readonly failures: LogThrottle;
}

export type MemberCounts = Readonly<Record<"join" | "left" | "failed" | "flap", Meter>>;

/** Milliseconds since a member was last heard, after which it counts as failed unless it has a link again. */
const failedAfterMs = 3_000;
/** Milliseconds that the agents have to connect again after this server has begun to lead. */
const startGraceMs = 5_000;
/** Milliseconds that the agents of a server have to move to another one, after they would count as failed themselves. */
const moveMs = 3_000;
/** Milliseconds after a server's link came or went for which no member is judged: servers may have links that are not reported. */
const unrestMs = 3_000;
/** The longest time, in milliseconds, for which a judgement waits for the reports of servers. */
const unsureMsMax = 15_000;
/** Milliseconds before a failed write is tried again, and before a postponed judgement. */
const retryMs = 1_000;
/** If a timer is more than this many milliseconds late, this process was stopped; the member then gets as many more to join. */
const pauseMs = 1_000;
/** A failed member that joins again within this many milliseconds counts as flapped, as in Serf. */
const flapMs = 60_000;

/**
 * Decides which agents are alive, for as long as this server leads: from `start` to `stop`. The next term has a new judge, which
 * knows no links until the servers report them, so it believes no member dead for the first seconds.
 *
 * A member is absent while no server has a link with it (LinkTable). It fails when it is absent for `failedAfterMs` after it was
 * last heard. If it is absent because the server that had its link is absent, it gets `moveMs` more, since its agent runs and
 * looks for another server. While links between servers come and go, a judgement waits until the servers have reported. Each
 * step of a member is one command, which a leader that has lost its term cannot carry out.
 */
export class MemberJudge {
  readonly #store: Registry;
  readonly #options: JudgeOptions;
  readonly #links: LinkTable;
  /** By node id: the timer of each member that is alive in the table and absent. When it fires, the member has failed. */
  readonly #absent = new Map<string, Timer>();
  /** By the id of an agent that has lost a link: the monotonic time at which it was last heard. */
  readonly #heardMs = new Map<string, number>();
  /** The ids of the nodes of linked agents that an operator has forced out. */
  readonly #leaving = new Set<string>();
  /** By node id: the number of writes of the member that are under way. */
  readonly #writing = new Map<string, number>();
  /** The newest report of each server. */
  readonly #reports = new Map<string, Pick<MembersReport, "start" | "serial">>();
  #beganMs = 0;
  /** When a server's link came or went last. */
  #unrestMs = -Infinity;
  #isStopped = false;

  constructor(store: Registry, options: JudgeOptions) {
    this.#store = store;
    this.#options = options;
    this.#links = new LinkTable(options.own.id);
  }

  /** Begins to watch the members. One that is alive in the table has `startGraceMs` to be reported as linked. */
  start(): void {
    this.#beganMs = this.#options.clock.monotonicMs();
    for (const member of listMembers(this.#store))
      if (member.status === "alive") this.#await(nodeIdOf(member), startGraceMs);
  }

  stop(): void {
    this.#isStopped = true;
    for (const timer of this.#absent.values()) timer.cancel();
    this.#absent.clear();
  }

  isLeaving(id: string): boolean {
    return this.#leaving.has(id);
  }

  /**
   * Takes a server's report of its links, and makes the linked agents members.
   * @throws OperatingError conflict "report-out-of-order" if an earlier report is missing: the server then sends a whole one
   */
  async report({ server, start, serial, isWhole, linked, lost }: MembersReport): Promise<ReportAnswer> {
    const known = this.#reports.get(server);
    const isOfStart = known?.start === start;
    if (isWhole ? isOfStart && serial <= known.serial : !isOfStart || serial !== known.serial + 1) throw outOfOrder();
    this.#reports.set(server, { start, serial });
    for (const { id, silentMs } of lost) this.unlink(server, id, silentMs);
    if (isWhole) {
      const present = new Set(linked.map(({ id }) => id));
      for (const id of this.#links.idsOf(server)) if (!present.has(id)) this.unlink(server, id, 0);
    }
    const results = await Promise.all(
      linked.map((agent) =>
        this.admit(server, agent).then(
          () => undefined,
          (error: unknown) => refusalOf(agent, error),
        ),
      ),
    );
    return { refused: results.filter((refusal) => refusal !== undefined) };
  }

  /**
   * Makes an agent, which has a link with the server, a member.
   * @throws OperatingError saying why it cannot be one; the agent then counts as not linked
   */
  async admit(server: string, agent: JoinRequest): Promise<void> {
    try {
      await this.#admit(server, agent);
    } catch (error) {
      const { failures, log } = this.#options;
      const { name, address } = agent;
      const isNew = failures.isNew(`${name} ${messageOf(error)}`);
      log[isNew ? "warn" : "debug"]("Refused an agent", { member: name, address, reason: messageOf(error) });
      throw error;
    }
  }

  async #admit(server: string, agent: JoinRequest): Promise<void> {
    const before = getMember(this.#store, agent.name);
    const known = this.#links.getOf(server, agent.id);
    this.#refuse(server, agent);
    // Several servers may report the agent at the same time.
    const isFirst = !this.#writing.has(agent.id);
    // The agent counts as linked from now on, so that it is not marked as failed while the write is under way.
    this.link(server, agent);
    try {
      await this.#writeAlive(agent);
    } catch (error) {
      const isLinked = this.#links.getOf(server, agent.id) === agent;
      if (isLinked && known) this.#links.add(server, known);
      else if (isLinked) this.unlink(server, agent.id, 0);
      throw error;
    }
    if (isFirst && before?.status !== "alive") this.#noteJoin(agent.name, before);
  }

  /** Notes that a server has a link with an agent. The agents of a server that was absent come back with it. */
  link(server: string, agent: JoinRequest): void {
    const before = agent.role === "server" ? this.#links.linked : undefined;
    if (before && !this.#links.getOf(server, agent.id)) this.#unrestMs = this.#options.clock.monotonicMs();
    this.#links.add(server, agent);
    this.#leaving.delete(agent.id);
    this.#heardMs.delete(agent.id);
    if (this.#links.has(agent.id)) this.#cancel(agent.id);
    if (!before) return;
    for (const id of this.#links.linked) if (id !== agent.id && !before.has(id)) this.#revive(id);
  }

  /** Notes that a server has no link with an agent any more. @param silentMs how long ago the agent was last heard */
  unlink(server: string, id: string, silentMs: number): void {
    if (!this.#links.getOf(server, id)) return;
    const heardMs = Math.max(this.#heardMs.get(id) ?? -Infinity, this.#options.clock.monotonicMs() - silentMs);
    this.#heardMs.set(id, heardMs);
    this.#leaving.delete(id);
    this.#whenAbsent(id, () => this.#links.remove(server, id));
    if (!this.#links.has(id)) this.#await(id, this.#leftMs(id));
  }

  /** Removes links, and gives the agents of a server that is absent then the time to move to another server. */
  #whenAbsent(id: string, remove: () => void): void {
    const before = this.#links.isServer(id) ? this.#links.linked : undefined;
    if (before) this.#unrestMs = this.#options.clock.monotonicMs();
    remove();
    for (const other of before ?? []) {
      if (other === id || this.#links.has(other)) continue;
      this.#heardMs.set(other, Math.max(this.#heardMs.get(other) ?? -Infinity, this.#heardMs.get(id) ?? -Infinity));
      this.#await(other, this.#leftMs(other) + moveMs);
    }
  }

  /** The milliseconds after which an absent agent counts as failed. */
  #leftMs(id: string): number {
    const { clock, isOfCluster } = this.#options;
    const dueMs = (this.#heardMs.get(id) ?? -Infinity) + failedAfterMs;
    // Until then the agent may have a link with a server that has not reported.
    const dueMsMin = isOfCluster ? this.#beganMs + startGraceMs : 0;
    return Math.max(0, Math.max(dueMs, dueMsMin) - clock.monotonicMs());
  }

  /** Makes an agent a member that has left. */
  async leave(id: string): Promise<void> {
    this.#whenAbsent(id, () => this.#links.delete(id));
    this.#leaving.delete(id);
    const row = getMemberOfId(this.#store, id);
    if (row && row.status !== "left") await this.#markLeft(row);
  }

  /** Does what Members.forceLeave says. */
  async forceLeave(name: string, { prune }: { readonly prune: boolean }): Promise<boolean> {
    if (name === this.#options.own.name) return true;
    const row = getMember(this.#store, name);
    if (row?.name !== name) return false;
    const id = nodeIdOf(row);
    if (this.#links.has(id)) {
      this.#leaving.add(id);
      return true;
    }
    if (prune) await deleteMember(this.#store, name);
    else if (row.status !== "left") await this.#markLeft(row);
    return true;
  }

  /** Does what Members.reconcile says. */
  async reconcile(): Promise<void> {
    for (const { name } of listMembers(this.#store)) {
      if (this.#isStopped) return;
      // The member may have changed while the round waited for an earlier write.
      const member = getMember(this.#store, name);
      if (member && this.#isOver(member)) await this.#forget(name);
      else if (member) await this.#correct(member);
    }
  }

  /** Checks whether the agent may join. @throws OperatingError saying why it may not */
  #refuse(server: string, agent: JoinRequest): void {
    const { own, isOfCluster } = this.#options;
    const isOwn = isOfCluster && agent.id === own.id && agent.name === own.name && agent.role === "server";
    if (!isOwn) refuseStranger(own, agent);
    if (agent.role === "server" && !isOfCluster) throw serverAlone(agent);
    if (agent.role === "server" && !agent.server) throw withoutSettings(agent);
    const known = this.#links.get(agent.id);
    // A server may be linked with two others under its addresses before and after a change.
    if (known?.name !== agent.name || agent.role === "server" || known.address === agent.address) return;
    if (this.#links.isLinkedBeside(server, agent.id)) throw idInUse(agent, known);
  }

  async #writeAlive(agent: JoinRequest): Promise<void> {
    // A write under way may be about to change what the rows show now.
    if (!this.#writing.has(agent.id) && isShownAlive(this.#store, agent)) return;
    await this.#set(memberOf(agent, this.#options.clock.wallMs()), aliveNode(agent));
  }

  /** Marks an agent as alive again that has come back together with its server. */
  #revive(id: string): void {
    this.#cancel(id);
    const agent = this.#links.get(id);
    const row = getMemberOfId(this.#store, id);
    if (!agent || !row || (row.status === "alive" && !this.#writing.has(id))) return;
    this.#writeAlive(agent).then(
      () => this.#noteJoin(agent.name, row),
      (error: unknown) => this.#logFailure("Failed to mark a member as alive; trying again within a minute", error),
    );
  }

  /** Writes a member and its node. */
  async #set(member: Member, registration: Parameters<typeof setMember>[2]): Promise<void> {
    const id = nodeIdOf(member);
    this.#writing.set(id, (this.#writing.get(id) ?? 0) + 1);
    try {
      await setMember(this.#store, member, registration);
    } finally {
      const left = (this.#writing.get(id) ?? 1) - 1;
      if (left === 0) this.#writing.delete(id);
      else this.#writing.set(id, left);
    }
  }

  #noteJoin(member: string, before: MemberRow | undefined): void {
    const { clock, counts, log, own } = this.#options;
    if (member === own.name) return;
    counts.join.add(1);
    if (before?.status === "failed" && clock.wallMs() - before.sinceMs < flapMs) counts.flap.add(1);
    log.info("member joined, marking health alive", { member });
  }

  async #markLeft(row: MemberRow): Promise<void> {
    const { clock, counts, log } = this.#options;
    await this.#set({ ...row, status: "left", sinceMs: clock.wallMs() }, undefined);
    counts.left.add(1);
    log.info("deregistering member", { member: row.name, reason: "left" });
  }

  #isOver({ status, sinceMs }: MemberRow): boolean {
    const { clock, reconnectTimeoutMs } = this.#options;
    return status !== "alive" && clock.wallMs() - sinceMs >= reconnectTimeoutMs;
  }

  async #correct(member: MemberRow): Promise<void> {
    const node = nodeOfMember(this.#store, member);
    const serf = node && checkOfNode(this.#store, node.name, serfCheckId)?.status;
    const id = nodeIdOf(member);
    const agent = this.#links.get(id);
    if (agent) {
      const joined: Member = { ...member, status: "alive", sinceMs: this.#options.clock.wallMs() };
      if (member.status !== "alive" || serf !== "passing") await this.#set(joined, aliveNode(agent));
    } else if (member.status === "alive") {
      if (!this.#links.has(id) && !this.#absent.has(id)) this.#await(id, failedAfterMs);
    } else if (member.status === "failed") {
      if (node && serf !== "critical") await this.#set(member, failedNode(node));
      // A node without serfHealth stays: a client registered it over the catalog's API, and it belongs to no agent.
    } else if (serf !== undefined) await this.#set(member, undefined);
  }

  async #forget(member: string): Promise<void> {
    await deleteMember(this.#store, member);
    this.#options.log.info("deregistering member", { member, reason: "reaped" });
  }

  /** Marks the member as failed after `delayMs`, unless its agent joins before. */
  #await(id: string, delayMs: number): void {
    if (this.#isStopped) return;
    const { clock } = this.#options;
    const dueMs = clock.monotonicMs() + delayMs;
    this.#cancel(id);
    const judge = (): void => {
      this.#absent.delete(id);
      if (this.#links.has(id)) return;
      // A late timer shows that this process was stopped: the agent may have been waiting to join, and gets `pauseMs` more.
      const moreMs = clock.monotonicMs() - dueMs > pauseMs ? pauseMs : this.#unsureMs(id);
      if (moreMs > 0) this.#await(id, moreMs);
      else void this.#fail(id);
    };
    this.#absent.set(id, clock.schedule(delayMs, judge));
  }

  /** Returns for how long an absent agent may still have a link with a server that has not reported it; 0 if it has none. */
  #unsureMs(id: string): number {
    const { clock, own } = this.#options;
    const nowMs = clock.monotonicMs();
    if (nowMs - Math.max(this.#heardMs.get(id) ?? -Infinity, this.#beganMs) > unsureMsMax) return 0;
    const areUnreported = [...this.#links.servers].some((server) => server !== own.id && !this.#reports.has(server));
    return areUnreported ? retryMs : Math.max(0, this.#unrestMs + unrestMs - nowMs);
  }

  #cancel(id: string): void {
    this.#absent.get(id)?.cancel();
    this.#absent.delete(id);
  }

  async #fail(id: string): Promise<void> {
    const { clock, counts, log } = this.#options;
    const member = getMemberOfId(this.#store, id);
    if (member?.status !== "alive") return;
    const node = nodeOfMember(this.#store, member);
    try {
      await this.#set({ ...member, status: "failed", sinceMs: clock.wallMs() }, node && failedNode(node));
      this.#heardMs.delete(id);
      counts.failed.add(1);
      log.info("member failed, marking health critical", { member: member.name });
    } catch (error) {
      if (this.#isStopped || this.#links.has(id)) return;
      this.#logFailure("Failed to mark a member as failed; trying again", error);
      this.#await(id, retryMs);
    }
  }

  #logFailure(message: string, error: unknown): void {
    if (this.#isStopped) return;
    const { failures, log } = this.#options;
    log[failures.isNew(message) ? "warn" : "debug"](message, { error: messageOf(error) });
  }
}

function refusalOf({ id }: JoinRequest, error: unknown): RefusedAgent {
  if (!(error instanceof OperatingError)) throw error;
  const { kind, code, message } = error;
  return { id, kind, code, message };
}

function outOfOrder(): OperatingError {
  const message = "the leader lacks an earlier report of this server's agents, and needs all of them";
  return new OperatingError("conflict", "report-out-of-order", message);
}
