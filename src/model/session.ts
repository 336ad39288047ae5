import { parseDuration } from "../lib/duration.ts";
import type { RowIndexes } from "./node.ts";

/** What becomes of the keys that a session holds when it ends: they stay, without the lock, or they go. */
export const sessionBehaviors = ["release", "delete"] as const;
export type SessionBehavior = (typeof sessionBehaviors)[number];

/** Who holds locks, for as long as its node is there, its checks are not critical, and it is renewed. */
export interface Session {
  /** A UUID. */
  readonly id: string;
  readonly name: string;
  /** As its maker wrote it, in whatever letter case. */
  readonly node: string;
  /** How long nobody can take the keys that the session held when it ended; longer than a minute counts as one. */
  readonly lockDelayMs: number;
  readonly behavior: SessionBehavior;
  /** How long it lives without being renewed, as Go's duration and as it was given; "" and zero: for ever. */
  readonly ttl: string;
  /** Check ids of the node. null where Consul keeps a nil list: clients see the difference. */
  readonly nodeChecks: readonly string[] | null;
  readonly serviceChecks: readonly SessionServiceCheck[] | null;
  /** What clients before Consul 1.7 wrote; these count, too. */
  readonly checks: readonly string[];
}

export interface SessionServiceCheck {
  readonly id: string;
  /** Kept and shown; there are no namespaces. */
  readonly namespace: string;
}

export type SessionRow = Session & RowIndexes;

export const lockDelayMsDefault: number = 15_000;
export const lockDelayMsMax: number = 60_000;
export const sessionTtlMsMax: number = 24 * 3_600_000;

/** 0: it does not end by itself. */
export function sessionTtlMs(session: Session): number {
  return session.ttl === "" ? 0 : parseDuration(session.ttl);
}

/** Every check that ends the session when it turns critical or is removed, in the order in which Consul looks at them. */
export function checkIdsOf(session: Session): string[] {
  const ofServices = session.serviceChecks?.map(({ id }) => id) ?? [];
  return [...session.checks, ...(session.nodeChecks ?? []), ...ofServices];
}
