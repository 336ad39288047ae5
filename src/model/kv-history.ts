import type { KvEntry } from "./kv-entry.ts";

/** The author of a change of a key, the means and the reason. Unknown parts are "". It holds no secret. */
export interface Cause {
  /** Accessor id and name of the caller's token; "" without access control. */
  readonly accessorId: string;
  readonly tokenName: string;
  /** The client's IP address; "" on a unix socket, and for changes of the agent itself. */
  readonly address: string;
  /** The program: the first word of its User-Agent, such as "curl/8.5.0". */
  readonly client: string;
  /** The reason that the client gave. */
  readonly reason: string;
  /** The means of the change, if it was no plain write: "rollback", "reset", "trial" or "trial undone". */
  readonly means: string;
}

export const unknownCause: Cause = {
  ...{ accessorId: "", tokenName: "", address: "" },
  ...{ client: "", reason: "", means: "" },
};

/** One change of a key, with the entry that it replaced. */
export interface KvChange {
  readonly key: string;
  /** The index of the change. */
  readonly index: number;
  /** The number of the change among all changes of the key that were kept, from 1. */
  readonly number: number;
  /** The number of the change among those with the same index, from 0. */
  readonly step: number;
  /** The wall time of the change in milliseconds. */
  readonly atMs: number;
  readonly cause: Cause;
  /** The entry before the change; undefined if there was none. Its session and lockIndex are "" and 0. */
  readonly previous: KvEntry | undefined;
}

/** The keys whose past is asked for: one, or all with a prefix. */
export interface PastKeys {
  readonly key: string;
  readonly recurse: boolean;
}

/** Which changes of keys with a prefix are kept. */
export interface HistoryRule {
  readonly prefix: string;
  /** Maximum number of changes kept for each key; 0 keeps none. */
  readonly changesMax: number;
  /** Maximum age of a kept change, in milliseconds. */
  readonly ageMsMax: number;
}

/** The policy for the past of all keys. */
export interface HistoryPolicy {
  /** Longest prefixes first; the last rule has the prefix "". */
  readonly rules: readonly HistoryRule[];
  /** The shortest of the rules' maximum ages, in milliseconds. */
  readonly ageMsMin: number;
  /** Maximum size of all kept changes, in bytes as stored. */
  readonly bytesMax: number;
  /** The prefixes of the rules, and whether their changes are kept. Where this differs, the past has a gap. */
  readonly leftOut: string;
}

/** Returns the policy of these rules, which may be in any order. */
export function historyPolicy(rules: readonly HistoryRule[], bytesMax: number): HistoryPolicy {
  const ordered = rules.toSorted((a, b) => b.prefix.length - a.prefix.length);
  const leftOut = JSON.stringify(ordered.map(({ prefix, changesMax }) => [prefix, changesMax > 0]));
  const ageMsMin = Math.min(...rules.map(({ ageMsMax }) => ageMsMax));
  return { rules: ordered, ageMsMin, bytesMax, leftOut };
}

interface HistoryDefaults extends Pick<HistoryRule, "changesMax" | "ageMsMax">, Pick<HistoryPolicy, "bytesMax"> {
  /** The keys with this prefix, EdgeX's secrets, have a past only where a setting says so. */
  readonly prefixLeftOut: string;
}

/** The defaults of the configuration. */
export const historyDefaults: HistoryDefaults = {
  changesMax: 20,
  ageMsMax: 90 * 24 * 60 * 60 * 1_000,
  bytesMax: 16 * 1024 * 1024,
  prefixLeftOut: "vault/",
};

const keepsNothing: HistoryRule = { prefix: "", changesMax: 0, ageMsMax: 0 };

/** Returns the rule for a key: the one with the longest prefix. */
export function historyRuleFor({ rules }: HistoryPolicy, key: string): HistoryRule {
  return rules.find(({ prefix }) => key.startsWith(prefix)) ?? keepsNothing;
}

export function keepsChanges(policy: HistoryPolicy, key: string): boolean {
  return historyRuleFor(policy, key).changesMax > 0;
}
