import { type Clock, sleep, type Timer } from "../lib/clock.ts";
import { type ErrorKind, messageOf, OperatingError } from "../lib/errors.ts";
import { LogThrottle } from "../lib/log-throttle.ts";
import type { Log } from "../lib/log.ts";
import { refuseStranger, withoutSettings } from "./clash.ts";
import type { JoinAnswer, JoinRequest, ServerAddress } from "./join-call.ts";
import {
  type CallLeader,
  leaderCallKinds,
  type LeaveCall,
  type MembersReport,
  type RefusedAgent,
  type ReportAnswer,
} from "./leader-calls.ts";
import type { Admission } from "./linked-agents.ts";

export interface ClusterAdmissionOptions {
  /** Returns how this server introduces itself. */
  readonly own: () => JoinRequest;
  /** A text that no other start of this server has. */
  readonly start: string;
  readonly leader: CallLeader;
  /**
   * Calls `listener` soon after this call and each time another server leads, until the returned function is called; with
   * undefined while no server leads.
   */
  readonly onLeader: (listener: (leader: object | undefined) => void) => () => void;
  /** Returns the servers to which agents can connect. */
  readonly servers: () => readonly ServerAddress[];
  /** Closes the link of an agent. */
  readonly expel: (id: string, reason: string) => void;
  readonly clock: Clock;
  readonly log: Log;
}

/** Milliseconds for which the join of a client agent waits for the leader's decision. */
const decisionMsMax = 1_000;
/** Milliseconds before a report that has failed is sent again. */
const retryMs = 200;

/** An agent whose join waits for the leader's decision. */
interface Joining {
  readonly agent: JoinRequest;
  readonly decision: PromiseWithResolvers<void>;
}

/** A report, with the generation in which it is sent. */
interface Sent {
  readonly report: MembersReport;
  readonly generation: number;
}

/**
 * The Admission of a server of a cluster: tells the leader which agents have a link with this server, itself included.
 *
 * A new leader gets a whole report, and so does the leader after a report has failed. Then it gets the changes, those of one tick
 * together. The join of a client agent is decided by the leader. Without a decision within `decisionMsMax` the agent is accepted
 * for the time being, and its link is closed if a leader refuses it later. The join of another server is answered at once: the
 * links between servers exist before any leader.
 */
export class ClusterAdmission implements Admission {
  readonly #options: ClusterAdmissionOptions;
  readonly #failures: LogThrottle;
  /** The agents that are accepted, by id. */
  readonly #linked = new Map<string, JoinRequest>();
  readonly #joining = new Map<string, Joining>();
  /** The ids of agents that have joined since the last report. */
  readonly #joined = new Set<string>();
  /** The agents that were lost since the last report, with the monotonic time at which each was last heard. */
  readonly #lost = new Map<string, number>();
  #serial = 0;
  /** Counts the leaders. Answers to reports of an earlier generation are not used. */
  #generation = 0;
  /** The reports that the leader of this generation has: no whole report, one that is under way, or all reports so far. */
  #leaderHas: "nothing" | "promise" | "all" = "nothing";
  #isSending = false;
  #retry: Timer | undefined;
  #unfollow: () => void = () => {};
  #isStopped = false;

  constructor(options: ClusterAdmissionOptions) {
    this.#options = options;
    this.#failures = new LogThrottle(options.clock);
  }

  /** Begins to report to each leader. */
  start(): void {
    this.#unfollow = this.#options.onLeader((leader) => {
      if (leader) this.#startOver();
    });
  }

  /** Reports no more. */
  stop(): void {
    this.#isStopped = true;
    this.#unfollow();
    this.#retry?.cancel();
  }

  /** Tells the leader how this server introduces itself now. */
  reportOwn(): void {
    this.#startOver();
  }

  async join(agent: JoinRequest): Promise<JoinAnswer> {
    this.#refuse(agent);
    if (agent.role === "client") await this.#whenDecided(agent);
    else {
      this.#linked.set(agent.id, agent);
      this.#noteJoined(agent.id);
    }
    return { servers: this.#options.servers() };
  }

  /** Checks what this server can check by itself. @throws OperatingError saying why the agent cannot be a member */
  #refuse(agent: JoinRequest): void {
    try {
      refuseStranger(this.#options.own(), agent);
      if (agent.role === "server" && !agent.server) throw withoutSettings(agent);
    } catch (error) {
      this.#log(`Refused ${agent.name}`, "Refused an agent", { member: agent.name, reason: messageOf(error) });
      throw error;
    }
  }

  /** Resolves when the leader has accepted the agent, or has not decided in time. */
  async #whenDecided(agent: JoinRequest): Promise<void> {
    const { id } = agent;
    for (let other = this.#joining.get(id); other; other = this.#joining.get(id))
      await other.decision.promise.catch(() => {});
    const decision = Promise.withResolvers<void>();
    const waiting = new AbortController();
    this.#joining.set(id, { agent, decision });
    this.#noteJoined(id);
    try {
      await Promise.race([decision.promise, sleep(this.#options.clock, decisionMsMax, waiting.signal)]);
      this.#linked.set(id, agent);
    } catch (error) {
      // The agent's earlier link may have been lost meanwhile.
      if (!this.#linked.has(id)) this.#noteLost(id, 0);
      throw error;
    } finally {
      waiting.abort();
      this.#joining.delete(id);
      decision.resolve();
    }
  }

  async leave({ id }: JoinRequest): Promise<void> {
    const known = this.#linked.get(id);
    this.#linked.delete(id);
    this.#joined.delete(id);
    try {
      await this.#options.leader.callLeader(leaderCallKinds.leave, { id } satisfies LeaveCall);
    } catch (error) {
      if (known) this.#linked.set(id, known);
      throw error;
    }
  }

  lost({ id }: JoinRequest, silentMs: number): void {
    this.#linked.delete(id);
    // An agent that joins over a new link is not lost.
    if (!this.#joining.has(id)) this.#noteLost(id, silentMs);
  }

  #noteJoined(id: string): void {
    this.#joined.add(id);
    this.#lost.delete(id);
    this.#reportSoon();
  }

  #noteLost(id: string, silentMs: number): void {
    this.#lost.set(id, this.#options.clock.monotonicMs() - silentMs);
    this.#joined.delete(id);
    this.#reportSoon();
  }

  /** Gives a new leader, or one that lacks a report, a whole one. */
  #startOver(): void {
    this.#retry?.cancel();
    this.#retry = undefined;
    this.#generation += 1;
    this.#leaderHas = "nothing";
    this.#reportSoon();
  }

  /** Reports the changes of this tick together, unless a whole report is on its way, whose answer they wait for. */
  #reportSoon(): void {
    if (this.#isSending || this.#isStopped || this.#retry || this.#leaderHas === "promise") return;
    this.#isSending = true;
    queueMicrotask(() => {
      this.#isSending = false;
      if (!this.#isStopped && this.#leaderHas !== "promise") void this.#send();
    });
  }

  async #send(): Promise<void> {
    const { leader } = this.#options;
    const isWhole = this.#leaderHas === "nothing";
    if (!isWhole && this.#joined.size === 0 && this.#lost.size === 0) return;
    const sent = { report: this.#nextReport(isWhole), generation: this.#generation };
    if (isWhole) this.#leaderHas = "promise";
    try {
      const answer = await leader.callLeader(leaderCallKinds.report, sent.report);
      if (sent.generation !== this.#generation) return;
      if (isWhole) this.#leaderHas = "all";
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the leader's handler made the answer
      this.#takeAnswer(sent, (answer as ReportAnswer).refused);
      this.#reportSoon();
    } catch (error) {
      if (sent.generation !== this.#generation || this.#isStopped) return;
      this.#log("report", "The leader does not know the agents of this server; trying again", {
        reason: messageOf(error),
      });
      this.#retryAfter(sent);
    }
  }

  #nextReport(isWhole: boolean): MembersReport {
    const { clock, own, start } = this.#options;
    const nowMs = clock.monotonicMs();
    const agents = new Map(this.#linked);
    for (const [id, { agent }] of this.#joining) agents.set(id, agent);
    const others = [...agents.values()].filter(({ id }) => isWhole || this.#joined.has(id));
    const lost = [...this.#lost].map(([id, heardMs]) => ({ id, silentMs: nowMs - heardMs }));
    this.#joined.clear();
    this.#lost.clear();
    const self = own();
    const linked = isWhole ? [self, ...others] : others;
    return { server: self.id, start, serial: ++this.#serial, isWhole, linked, lost };
  }

  /** Starts over after a pause. */
  #retryAfter({ report }: Sent): void {
    const nowMs = this.#options.clock.monotonicMs();
    for (const { id, silentMs } of report.lost)
      if (!this.#linked.has(id) && !this.#joining.has(id) && !this.#lost.has(id)) this.#lost.set(id, nowMs - silentMs);
    this.#leaderHas = "nothing";
    this.#generation += 1;
    this.#retry ??= this.#options.clock.schedule(retryMs, () => this.#startOver());
  }

  #takeAnswer(sent: Sent, refused: readonly RefusedAgent[]): void {
    const refusals = new Map(refused.map((refusal) => [refusal.id, refusal]));
    let isIncomplete = false;
    for (const agent of sent.report.linked) {
      const refusal = refusals.get(agent.id);
      if (refusal && temporary.has(refusal.kind)) isIncomplete = true;
      else this.#decide(agent, refusal);
    }
    if (isIncomplete) this.#retryAfter(sent);
  }

  #decide(agent: JoinRequest, refusal: RefusedAgent | undefined): void {
    const { expel, own } = this.#options;
    const { id, name } = agent;
    const joining = this.#joining.get(id);
    if (joining?.agent === agent) {
      if (refusal) joining.decision.reject(new OperatingError(refusal.kind, refusal.code, refusal.message));
      else joining.decision.resolve();
    } else if (refusal && id === own().id) {
      this.#log(`own ${refusal.message}`, "The leader refuses this server", { reason: refusal.message });
    } else if (refusal && this.#linked.get(id) === agent) {
      this.#linked.delete(id);
      this.#options.log.warn("Closed the link of an agent that the leader refuses", {
        member: name,
        reason: refusal.message,
      });
      expel(id, refusal.message);
    }
  }

  /** Logs a warning, at most once a minute for each key. */
  #log(key: string, message: string, fields: Readonly<Record<string, string>>): void {
    this.#options.log[this.#failures.isNew(key) ? "warn" : "debug"](message, fields);
  }
}

/** The kinds of refusals that are not about the agent: the leader could not write, or has lost its term. */
const temporary: ReadonlySet<ErrorKind> = new Set(["unavailable", "timeout", "rate-limited"]);
