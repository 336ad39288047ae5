import { parseDuration } from "../lib/duration.ts";
import type { RowIndexes } from "./node.ts";

/** The effects of a session's end on the keys that it holds: "release" unlocks them, "delete" deletes them. */
export const sessionBehaviors = ["release", "delete"] as const;
export type SessionBehavior = (typeof sessionBehaviors)[number];

/** A holder of locks. A session lasts while its node exists, none of its checks is critical, and its TTL is renewed. */
export interface Session {
  /** A UUID. */
  readonly id: string;
  readonly name: string;
  /** The node's name in the letter case that the client wrote. */
  readonly node: string;
  /** Milliseconds in which no session can lock the keys that this session held when it ended; at most a minute counts. */
  readonly lockDelayMs: number;
  readonly behavior: SessionBehavior;
  /** How long the session lasts without a renewal: the Go duration that the client wrote. "" and zero mean no limit. */
  readonly ttl: string;
  /** Ids of checks of the node. null where Consul keeps a nil list, because responses distinguish null from []. */
  readonly nodeChecks: readonly string[] | null;
  readonly serviceChecks: readonly SessionServiceCheck[] | null;
  /** Ids of checks in the field that clients older than Consul 1.7 send; the session depends on these checks, too. */
  readonly checks: readonly string[];
}

export interface SessionServiceCheck {
  readonly id: string;
  /** A namespace, which is only stored and shown: Praetor has no namespaces. */
  readonly namespace: string;
}

export type SessionRow = Session & RowIndexes;

export const lockDelayMsDefault: number = 15_000;
export const lockDelayMsMax: number = 60_000;
export const sessionTtlMsMax: number = 24 * 3_600_000;

/** Returns the TTL in milliseconds; 0 means that the session does not expire. */
export function sessionTtlMs(session: Session): number {
  return session.ttl === "" ? 0 : parseDuration(session.ttl);
}

/** Returns the checks that end the session when they turn critical or are removed, in the order of Consul's validation. */
export function checkIdsOf(session: Session): string[] {
  const ofServices = session.serviceChecks?.map(({ id }) => id) ?? [];
  return [...session.checks, ...(session.nodeChecks ?? []), ...ofServices];
}
