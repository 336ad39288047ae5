import type { Clock, Timer } from "../lib/clock.ts";
import { messageOf } from "../lib/errors.ts";
import { LogThrottle } from "../lib/log-throttle.ts";
import type { Log } from "../lib/log.ts";
import type { Metrics } from "../lib/metrics.ts";
import { isServer, type Member, nodeIdOf } from "../model/member.ts";
import { noLeader } from "../registry/leader-wait.ts";
import { listMembers } from "../registry/member.ts";
import type { Registry } from "../registry/registry.ts";
import type { JoinAnswer, JoinRequest, ServerAddress } from "./join-call.ts";
import {
  type CallLeader,
  type ForceLeaveCall,
  leaderCallKinds,
  type LeaderHandler,
  type LeaveCall,
  type MembersReport,
} from "./leader-calls.ts";
import type { Admission } from "./linked-agents.ts";
import { type MemberCounts, MemberJudge } from "./member-judge.ts";

interface MembersOptions {
  /** This server. */
  readonly own: Member;
  readonly serverPort: number;
  /** The calls to the leader if this server is one of several; undefined if it stands alone. */
  readonly leader?: CallLeader | undefined;
  /** Milliseconds after which a member that has left or failed is forgotten. */
  readonly reconnectTimeoutMs: number;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** Milliseconds between two rounds of `reconcile`. */
const roundMs = 60_000;

/**
 * The agents that belong to the cluster.
 *
 * A member's life: it joins (alive), leaves or is forced out (left), or its link is lost and does not come back in time (failed).
 * A member that left or failed joins again, or is forgotten after the reconnect timeout. Each step is one command,
 * which also changes the member's node in the catalog: an alive member's serfHealth is passing; a failed member's is critical,
 * which ends its sessions; the node of a member that left is deleted.
 *
 * The server that leads decides on the steps: it has a MemberJudge, a new one in each term. The other servers tell it about their
 * links by the calls that `leaderHandlers` answers (ClusterAdmission). A server that stands alone always leads, and is the
 * Admission of its own links; its table of members has no row for itself.
 */
export class Members implements Admission {
  readonly #store: Registry;
  readonly #options: MembersOptions;
  readonly #failures: LogThrottle;
  readonly #counts: MemberCounts;
  /** Decides while this server leads; undefined while it does not. */
  #judge: MemberJudge | undefined;
  #round: Timer | undefined;
  #isStarted = false;

  /** The calls of all servers about members, by kind, which the server that leads answers. */
  readonly leaderHandlers: Readonly<Record<string, LeaderHandler>> = {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a server of the cluster sends it; see leader-calls.ts
    [leaderCallKinds.report]: async (head) => this.#leading.report(head as MembersReport),
    [leaderCallKinds.leave]: async (head) => {
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as above
      await this.#leading.leave((head as LeaveCall).id);
      return null;
    },
    [leaderCallKinds.forceLeave]: async (head) => {
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as above
      const { name, prune } = head as ForceLeaveCall;
      return this.#leading.forceLeave(name, { prune });
    },
  };

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
    store.onRole(() => this.#beginRole());
  }

  /** All members, this server first. */
  get all(): readonly Member[] {
    const { own } = this.#options;
    const others = listMembers(this.#store).filter((row) => nodeIdOf(row) !== nodeIdOf(own));
    return [
      own,
      ...others.map((row): Member => (this.#judge?.isLeaving(nodeIdOf(row)) ? { ...row, status: "leaving" } : row)),
    ];
  }

  /** The servers to which agents can connect: this one, and all others that are alive, in order of name. */
  get servers(): readonly ServerAddress[] {
    const { own, serverPort } = this.#options;
    const others = listMembers(this.#store).filter(
      (row) => row.status === "alive" && isServer(row) && nodeIdOf(row) !== nodeIdOf(own),
    );
    const self = { id: nodeIdOf(own), name: own.name, address: own.address, port: serverPort };
    return [self, ...others.map(addressOf)].toSorted((left, right) => (left.name < right.name ? -1 : 1));
  }

  /**
   * Starts to decide whether members are alive, for as long as this server leads. A member that is alive when this server begins
   * to lead has some seconds to join again.
   */
  start(): void {
    this.#isStarted = true;
    this.#beginRole();
  }

  stop(): void {
    this.#isStarted = false;
    this.#endRole();
  }

  #beginRole(): void {
    this.#endRole();
    if (!this.#isStarted || !this.#store.leads) return;
    const { own, leader, reconnectTimeoutMs, clock, log } = this.#options;
    this.#judge = new MemberJudge(this.#store, {
      own: { id: nodeIdOf(own), name: own.name, datacenter: own.tags["dc"] ?? "" },
      isOfCluster: leader !== undefined,
      ...{ reconnectTimeoutMs, clock, log, counts: this.#counts, failures: this.#failures },
    });
    this.#judge.start();
    this.#nextRound();
  }

  #endRole(): void {
    this.#round?.cancel();
    this.#judge?.stop();
    this.#judge = undefined;
  }

  /** @throws OperatingError unavailable "no-leader" if this server does not lead */
  get #leading(): MemberJudge {
    if (!this.#judge) throw noLeader();
    return this.#judge;
  }

  async join(agent: JoinRequest): Promise<JoinAnswer> {
    await this.#leading.admit(this.#ownId, agent);
    // If an earlier link of the agent was lost during the write, `lost` has removed the agent's link.
    this.#judge?.link(this.#ownId, agent);
    return { servers: this.servers };
  }

  async leave({ id }: JoinRequest): Promise<void> {
    await this.#leading.leave(id);
  }

  lost({ id }: JoinRequest, silentMs: number): void {
    this.#judge?.unlink(this.#ownId, id, silentMs);
  }

  get #ownId(): string {
    return nodeIdOf(this.#options.own);
  }

  /**
   * Changes the status of a member without a link to left; with `prune`, deletes the member. A member with a link would join
   * again at once, so it is only shown as leaving until it does, as in Consul. Does nothing to the server that leads.
   * @returns whether the leader or a member has this name
   * @throws OperatingError unavailable "no-leader"
   */
  async forceLeave(name: string, { prune }: { readonly prune: boolean }): Promise<boolean> {
    const { leader, own } = this.#options;
    if (name === own.name) return true;
    if (!leader) return this.#leading.forceLeave(name, { prune });
    const isKnown = await leader.callLeader(leaderCallKinds.forceLeave, { name, prune } satisfies ForceLeaveCall);
    return isKnown === true;
  }

  /**
   * Corrects the nodes of members and their serfHealth in the catalog after other writes have changed them, such as a
   * deregistration or a restore. Deletes members whose reconnect timeout is over. Does nothing on a server that does not lead.
   */
  async reconcile(): Promise<void> {
    await this.#judge?.reconcile();
  }

  #nextRound(): void {
    const judge = this.#judge;
    this.#round = this.#options.clock.schedule(roundMs, () => {
      void this.reconcile()
        .catch((error: unknown) => this.#logFailure(judge, error))
        .finally(() => {
          if (this.#judge === judge) this.#nextRound();
        });
    });
  }

  #logFailure(judge: MemberJudge | undefined, error: unknown): void {
    if (this.#judge !== judge) return;
    const message = "Failed to reconcile the members";
    this.#options.log[this.#failures.isNew(message) ? "warn" : "debug"](message, { error: messageOf(error) });
  }
}

/** Returns the address at which other agents reach a member that is a server. */
export function addressOf(row: Member): ServerAddress {
  return { id: nodeIdOf(row), name: row.name, address: row.address, port: Number(row.tags["port"]) };
}
