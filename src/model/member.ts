import type { RowIndexes } from "./node.ts";

/** The statuses that a member's row can have. */
export const memberStatuses = ["alive", "left", "failed"] as const;
/**
 * "left": the agent has announced that it leaves, or an operator has forced it out. "failed": its link was lost and it did not
 * connect again in time. "leaving", which no row has: an operator has forced the member out, and its agent is still linked.
 */
export type MemberStatus = (typeof memberStatuses)[number] | "leaving";

/** An agent that belongs to the cluster. Its tags have the names and values that Consul's agents give them. */
export interface Member {
  readonly name: string;
  readonly address: string;
  /** Consul's gossip port, which clients expect of each member; Praetor does not listen on it. */
  readonly port: number;
  readonly tags: Readonly<Record<string, string>>;
  readonly status: MemberStatus;
  /** When the member got its status, in milliseconds since 1970. */
  readonly sinceMs: number;
}

export type MemberRow = Member & RowIndexes;

/** Returns the id of the member's node. */
export function nodeIdOf({ tags }: Member): string {
  return tags["id"] ?? "";
}

export function isServer({ tags }: Member): boolean {
  return tags["role"] === "consul";
}
