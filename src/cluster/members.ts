import type { Clock, Timer } from "../lib/clock.ts";
import { messageOf, OperatingError } from "../lib/errors.ts";
import { LogThrottle } from "../lib/log-throttle.ts";
import type { Log } from "../lib/log.ts";
import type { Meter, Metrics } from "../lib/metrics.ts";
import { type Member, type MemberRow, nodeIdOf } from "../model/member.ts";
import type { Node } from "../model/node.ts";
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
import { type JoinAnswer, type JoinRequest, nodeOf, type ServerAddress } from "./join-call.ts";
import type { Admission } from "./linked-agents.ts";
import { clientMember, serfCheck, serfCheckId } from "./server-registration.ts";

interface MembersOptions {
  /** This server. */
  readonly own: Member;
  readonly serverPort: number;
  /** Milliseconds after which a member that has left or failed is forgotten. */
  readonly reconnectTimeoutMs: number;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** Milliseconds since a member was last heard, after which it counts as failed unless it has a link again. */
const failedAfterMs = 3_000;
/** Milliseconds that the agents have to connect again after a start of this server. */
const startGraceMs = 5_000;
/** Milliseconds before a failed write is tried again. */
const retryMs = 1_000;
/** If a timer is more than this many milliseconds late, this process was stopped; the member then gets as many more to join. */
const pauseMs = 1_000;
/** Milliseconds between two rounds of `reconcile`. */
const roundMs = 60_000;
/** A failed member that joins again within this many milliseconds counts as flapped, as in Serf. */
const flapMs = 60_000;

/**
 * The agents that belong to the cluster. This class also decides whether they are alive.
 *
 * A member's life: it joins (alive), leaves or is forced out (left), or its link is lost and does not come back in time (failed).
 * A member that left or failed joins again, or is forgotten after the reconnect timeout. Each step is one command,
 * which also changes the member's node in the catalog: an alive member's serfHealth is passing; a failed member's is critical,
 * which ends its sessions; the node of a member that left is deleted. The table of members has no row for this server.
 */
export class Members implements Admission {
  readonly #store: Registry;
  readonly #options: MembersOptions;
  readonly #failures: LogThrottle;
  /** The agents that have a link, by the id of their node. */
  readonly #linked = new Map<string, JoinRequest>();
  /** By node id: the timer of each member that is alive in the table and has no link. When it fires, the member has failed. */
  readonly #absent = new Map<string, Timer>();
  /** The ids of the nodes of linked agents that an operator has forced out. */
  readonly #leaving = new Set<string>();
  readonly #counts: Readonly<Record<"join" | "left" | "failed" | "flap", Meter>>;
  #round: Timer | undefined;
  #isStopped = false;

  constructor(store: Registry, options: MembersOptions) {
    this.#store = store;
    this.#options = options;
    this.#failures = new LogThrottle(options.clock);
    const { metrics } = options;
    this.#counts = {
      join: metrics.counter("consul.serf.member.join"),
      left: metrics.counter("consul.serf.member.left"),
      failed: metrics.counter("consul.serf.member.failed"),
      flap: metrics.counter("consul.serf.member.flap"),
    };
    // Consul: the counter includes the agent itself.
    this.#counts.join.add(1);
  }

  /** All members, this server first. */
  get all(): readonly Member[] {
    const others = listMembers(this.#store).map((row): Member =>
      this.#leaving.has(nodeIdOf(row)) ? { ...row, status: "leaving" } : row,
    );
    return [this.#options.own, ...others];
  }

  /** The servers to which agents can connect. */
  get servers(): readonly ServerAddress[] {
    const { own, serverPort } = this.#options;
    return [{ id: nodeIdOf(own), name: own.name, address: own.address, port: serverPort }];
  }

  /**
   * Starts to watch whether members are alive. A member that was alive when the server stopped has `startGraceMs` to join
   * again.
   */
  start(): void {
    for (const member of listMembers(this.#store))
      if (member.status === "alive") this.#await(nodeIdOf(member), startGraceMs);
    this.#nextRound();
  }

  stop(): void {
    this.#isStopped = true;
    this.#round?.cancel();
    for (const timer of this.#absent.values()) timer.cancel();
    this.#absent.clear();
  }

  async join(agent: JoinRequest): Promise<JoinAnswer> {
    try {
      await this.#admit(agent);
    } catch (error) {
      const { log } = this.#options;
      const { name, address } = agent;
      const isNew = this.#failures.isNew(`${name} ${messageOf(error)}`);
      log[isNew ? "warn" : "debug"]("Refused an agent", { member: name, address, reason: messageOf(error) });
      throw error;
    }
    return { servers: this.servers };
  }

  async #admit(agent: JoinRequest): Promise<void> {
    const before = getMember(this.#store, agent.name);
    const known = this.#linked.get(agent.id);
    this.#refuse(agent);
    // The agent counts as linked from now on, so that it is not marked as failed while the write is under way.
    this.#link(agent);
    try {
      const member = clientMember(nodeOf(agent), { ...agent, sinceMs: this.#options.clock.wallMs() });
      await setMember(this.#store, member, registrationOf(agent));
    } catch (error) {
      if (known) this.#linked.set(known.id, known);
      else this.lost(agent, 0);
      throw error;
    }
    // If an earlier link of the agent was lost during the write, `lost` has removed the agent from `#linked`.
    this.#link(agent);
    if (before?.status !== "alive") this.#noteJoin(agent.name, before);
  }

  async leave(agent: JoinRequest): Promise<void> {
    this.#linked.delete(agent.id);
    this.#leaving.delete(agent.id);
    const row = getMemberOfId(this.#store, agent.id);
    if (row) await this.#markLeft(row);
  }

  lost({ id }: JoinRequest, silentMs: number): void {
    this.#linked.delete(id);
    this.#leaving.delete(id);
    this.#await(id, Math.max(0, failedAfterMs - silentMs));
  }

  /**
   * Changes the status of a member without a link to left; with `prune`, deletes the member. A member with a link would join
   * again at once, so it is only shown as leaving until it does, as in Consul. Does nothing to this server.
   * @returns whether this server or a member has this name
   */
  async forceLeave(name: string, { prune }: { readonly prune: boolean }): Promise<boolean> {
    if (name === this.#options.own.name) return true;
    const row = getMember(this.#store, name);
    if (row?.name !== name) return false;
    const id = nodeIdOf(row);
    if (this.#linked.has(id)) {
      this.#leaving.add(id);
      return true;
    }
    if (prune) await deleteMember(this.#store, name);
    else if (row.status !== "left") await this.#markLeft(row);
    return true;
  }

  /**
   * Corrects the nodes of members and their serfHealth in the catalog after other writes have changed them, such as a
   * deregistration or a restore. Deletes members whose reconnect timeout is over.
   */
  async reconcile(): Promise<void> {
    for (const { name } of listMembers(this.#store)) {
      // The member may have changed while the round waited for an earlier write.
      const member = getMember(this.#store, name);
      if (member && this.#isOver(member)) await this.#forget(name);
      else if (member) await this.#correct(member);
    }
  }

  /** Checks whether the agent may join. @throws OperatingError saying why it may not */
  #refuse({ datacenter, id, name, role }: JoinRequest): void {
    const { own } = this.#options;
    // Consul: the joining agent itself finds the conflict, so in the text "Member" is the server and "this agent" is the
    // joining one.
    const conflict = conflictWith(own, { datacenter, id });
    if (conflict !== undefined) throw new OperatingError("conflict", "join-conflict", conflict);
    if (role === "client") return;
    const message = `servers of this version stand alone: start ${name} without -server, as a client agent`;
    throw new OperatingError("invalid", "server-alone", message);
  }

  #link(agent: JoinRequest): void {
    this.#linked.set(agent.id, agent);
    this.#leaving.delete(agent.id);
    this.#cancel(agent.id);
  }

  #noteJoin(member: string, before: MemberRow | undefined): void {
    const { clock, log } = this.#options;
    this.#counts.join.add(1);
    if (before?.status === "failed" && clock.wallMs() - before.sinceMs < flapMs) this.#counts.flap.add(1);
    log.info("member joined, marking health alive", { member });
  }

  async #markLeft(row: MemberRow): Promise<void> {
    const { clock, log } = this.#options;
    await setMember(this.#store, { ...row, status: "left", sinceMs: clock.wallMs() }, undefined);
    this.#counts.left.add(1);
    log.info("deregistering member", { member: row.name, reason: "left" });
  }

  #isOver({ status, sinceMs }: MemberRow): boolean {
    const { clock, reconnectTimeoutMs } = this.#options;
    return status !== "alive" && clock.wallMs() - sinceMs >= reconnectTimeoutMs;
  }

  async #correct(member: MemberRow): Promise<void> {
    const node = nodeOfMember(this.#store, member);
    const serf = node && checkOfNode(this.#store, node.name, serfCheckId)?.status;
    const agent = this.#linked.get(nodeIdOf(member));
    if (agent) {
      const joined: Member = { ...member, status: "alive", sinceMs: this.#options.clock.wallMs() };
      if (member.status !== "alive" || serf !== "passing") await setMember(this.#store, joined, registrationOf(agent));
    } else if (member.status === "failed") {
      if (node && serf !== "critical") await setMember(this.#store, member, failedNode(node));
    } else if (member.status === "left") {
      // A node without serfHealth stays: a client registered it over the catalog's API, and it belongs to no agent.
      if (serf !== undefined) await setMember(this.#store, member, undefined);
    }
  }

  async #forget(member: string): Promise<void> {
    await deleteMember(this.#store, member);
    this.#options.log.info("deregistering member", { member, reason: "reaped" });
  }

  #nextRound(): void {
    this.#round = this.#options.clock.schedule(roundMs, () => {
      void this.reconcile()
        .catch((error: unknown) => this.#logFailure("Failed to reconcile the members", error))
        .finally(() => {
          if (!this.#isStopped) this.#nextRound();
        });
    });
  }

  /** Marks the member as failed after `delayMs`, unless its agent joins before. */
  #await(id: string, delayMs: number): void {
    if (this.#isStopped) return;
    const { clock } = this.#options;
    const dueMs = clock.monotonicMs() + delayMs;
    this.#cancel(id);
    const judge = (): void => {
      // A late timer shows that this process was stopped: the agent may have been waiting to join, and gets `pauseMs` more.
      if (clock.monotonicMs() - dueMs > pauseMs) this.#await(id, pauseMs);
      else void this.#fail(id);
    };
    this.#absent.set(id, clock.schedule(delayMs, judge));
  }

  #cancel(id: string): void {
    this.#absent.get(id)?.cancel();
    this.#absent.delete(id);
  }

  async #fail(id: string): Promise<void> {
    this.#absent.delete(id);
    const { clock, log } = this.#options;
    const member = getMemberOfId(this.#store, id);
    if (member?.status !== "alive") return;
    const node = nodeOfMember(this.#store, member);
    try {
      const failed: Member = { ...member, status: "failed", sinceMs: clock.wallMs() };
      await setMember(this.#store, failed, node && failedNode(node));
      this.#counts.failed.add(1);
      log.info("member failed, marking health critical", { member: member.name });
    } catch (error) {
      if (this.#isStopped || this.#linked.has(id)) return;
      this.#logFailure("Failed to mark a member as failed; trying again", error);
      this.#await(id, retryMs);
    }
  }

  #logFailure(message: string, error: unknown): void {
    if (this.#isStopped) return;
    this.#options.log[this.#failures.isNew(message) ? "warn" : "debug"](message, { error: messageOf(error) });
  }
}

type Registration = Parameters<typeof setMember>[2];

function registrationOf(agent: JoinRequest): Registration {
  return { node: nodeOf(agent), skipNodeUpdate: false, checks: [serfCheck(agent.name, true)] };
}

function failedNode(node: Node): Registration {
  return { node, skipNodeUpdate: true, checks: [serfCheck(node.name, false)] };
}

/** Returns the reason why an agent cannot join the cluster of this server; undefined if it can. */
function conflictWith(own: Member, { datacenter, id }: Pick<JoinRequest, "datacenter" | "id">): string | undefined {
  const dc = own.tags["dc"];
  if (datacenter !== dc) return `Member '${own.name}' part of wrong datacenter '${dc}'`;
  if (id === nodeIdOf(own)) return `Member '${own.name}' has conflicting node ID '${id}' with this agent's ID`;
  return undefined;
}
