import type { KvEntry } from "./kv-entry.ts";
import type { Cause } from "./kv-history.ts";
import type { RowIndexes } from "./node.ts";

/** The value and flags of a key, without its indexes and its lock. */
export type KvContent = Pick<KvEntry, "value" | "flags">;

/** The same with the origin of the value, as a trial keeps it. */
export type HeldContent = Pick<KvEntry, "value" | "flags" | "origin">;

/** A change that a trial makes. */
export interface KvTrialChange {
  readonly key: string;
  /** The new content of the key; undefined to delete it. */
  readonly content: KvContent | undefined;
  /** The trial is refused unless the key's ModifyIndex equals this value; 0: unless the key does not exist. */
  readonly cas?: number | undefined;
}

/**
 * A set of changes that undoes itself: while it is pending, the leader follows the health of some services, and takes all changes
 * back if one of the services turns critical, or does not pass when the time is over.
 */
export interface KvTrial {
  /** A UUID. */
  readonly id: string;
  /** The names of the services whose health decides; at least one. */
  readonly services: readonly string[];
  /** How long the services are watched after each stage, in milliseconds. */
  readonly stageMs: number;
  /** Whether the trial is undone unless a person keeps it. */
  readonly needsConfirm: boolean;
}

/**
 * A key of a trial: "waiting" for its stage, "changed" by the trial, "restored" by the undoing, or "left" by it as it was, since
 * another writer had changed it.
 */
export type KvTrialKeyState = "waiting" | "changed" | "restored" | "left";

export interface KvTrialKey {
  readonly key: string;
  /** The number of the stage that changes the key, from 1. */
  readonly stage: number;
  readonly operation: "set" | "delete";
  readonly state: KvTrialKeyState;
  /** The key's ModifyIndex when the trial last looked at it, 0 if it did not exist: any other index is another writer's. */
  readonly seen: number;
  /**
   * While the trial is pending: what the key gets if it is waiting, what the trial replaced if it is changed; undefined for no key.
   * An ended trial holds none, so that its record is small.
   */
  readonly content: HeldContent | undefined;
}

/** The status of a service as a trial judges it: its worst check's, or "absent" without an instance. */
export type WatchedStatus = "passing" | "warning" | "critical" | "absent";

export type KvTrialOutcome = "pending" | "kept" | "undone";

export const kvTrialOutcomes: readonly KvTrialOutcome[] = ["pending", "kept", "undone"];

export interface KvTrialRow extends KvTrial, RowIndexes {
  readonly cause: Cause;
  /** The wall time of the start in milliseconds. */
  readonly startedMs: number;
  /** The number of stages that have been applied, and of all. */
  readonly stage: number;
  readonly stages: number;
  /** The wall time at which the newest stage was applied, in milliseconds. */
  readonly stagedMs: number;
  /** The keys in the order of their stages. */
  readonly keys: readonly KvTrialKey[];
  readonly outcome: KvTrialOutcome;
  /** Why it was kept or undone; "" while it is pending. */
  readonly why: string;
  /** The cause of its end, and the wall time in milliseconds; null while it is pending. */
  readonly ended: { readonly cause: Cause; readonly atMs: number } | null;
}

/** Limits of trials. Each pending trial keeps the values that it replaces, and those of its later stages. */
export const kvTrialLimits: {
  readonly keysMax: number;
  readonly servicesMax: number;
  /** Maximum size of the values that one trial keeps, in bytes. */
  readonly bytesMax: number;
  readonly pendingMax: number;
  /** Maximum number of ended trials whose records are kept. */
  readonly recordsMax: number;
  /** The shortest and longest time for which a stage may be watched, in milliseconds. */
  readonly stageMsMin: number;
  readonly stageMsMax: number;
} = {
  ...{ keysMax: 1_024, servicesMax: 64, bytesMax: 4 * 1_024 * 1_024, pendingMax: 16, recordsMax: 20 },
  ...{ stageMsMin: 100, stageMsMax: 24 * 60 * 60 * 1_000 },
};

/** Maximum length in characters of the reason of an end. */
const whyLengthMax = 300;

export function cutWhy(why: string): string {
  return why.slice(0, whyLengthMax).toWellFormed();
}
