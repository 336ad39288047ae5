import type { ErrorKind } from "../lib/errors.ts";
import type { JoinRequest } from "./join-call.ts";

/** The server that leads, by the id of its node, and the number of its term. */
export interface LeaderTerm {
  readonly name: string;
  readonly term: number;
}

/** Sends calls of this server to the server that leads, which may be this one. */
export interface CallLeader {
  /**
   * Sends a call and resolves with the head of the answer. Waits for a leader for at most rpc_hold_timeout. Calls that are made
   * one after the other are sent in this order.
   * @throws OperatingError unavailable "no-leader"; the error of the leader's handler; "link-lost" when the leader may have
   * done the call
   */
  callLeader(kind: string, head: unknown): Promise<unknown>;
}

/** Answers a call on the server that leads. @throws OperatingError unavailable "no-leader" if this server does not lead */
export type LeaderHandler = (head: unknown) => Promise<unknown>;

/*
 * The heads of the calls by which servers tell the leader about agents. They are trusted: a server that calls has proved that it
 * belongs to the cluster.
 */

/**
 * "members-report": which agents have a link with a server. A whole report names all of them. Each other report names the
 * changes since the report with the serial before, so the leader takes it only in order.
 */
export interface MembersReport {
  /** The node id of the server that reports. */
  readonly server: string;
  /** A text that no other start of the server has. */
  readonly start: string;
  /** The number of the report, counted from 1 since the start of the server. */
  readonly serial: number;
  readonly isWhole: boolean;
  readonly linked: readonly JoinRequest[];
  readonly lost: readonly LostAgent[];
}

export interface LostAgent {
  readonly id: string;
  /** Milliseconds since the agent was last heard. */
  readonly silentMs: number;
}

/** The answer to "members-report": the linked agents that are not members, with the reasons. */
export interface ReportAnswer {
  readonly refused: readonly RefusedAgent[];
}

export interface RefusedAgent {
  readonly id: string;
  readonly kind: ErrorKind;
  readonly code: string;
  readonly message: string;
}

/** "member-leave": an agent leaves. The answer is null. */
export interface LeaveCall {
  readonly id: string;
}

/** "member-force-leave": an operator makes a member leave. The answer is whether there is such a member. */
export interface ForceLeaveCall {
  readonly name: string;
  readonly prune: boolean;
}

export const leaderCallKinds = {
  report: "members-report",
  leave: "member-leave",
  forceLeave: "member-force-leave",
} as const;
