import type { AutopilotSettings } from "../model/autopilot.ts";
import type { Cause, HistoryPolicy } from "../model/kv-history.ts";
import type { KvTrial, KvTrialChange, KvTrialOutcome, WatchedStatus } from "../model/kv-trial.ts";
import type { Check } from "../model/check.ts";
import type { Member } from "../model/member.ts";
import type { Node } from "../model/node.ts";
import type { PreparedQuery } from "../model/prepared-query.ts";
import type { Service } from "../model/service.ts";
import type { Session } from "../model/session.ts";
import type { SigningAuthority } from "../model/signing-authority.ts";
import type { TxnError, TxnOperation, TxnResult } from "../model/txn.ts";
import type { ValueOrigin } from "../model/value-origin.ts";
import type { AclCommand } from "./acl-command.ts";
import type { KeptRate } from "./kept-rate.ts";
import type { State } from "./state.ts";

/**
 * A change of the state, of one of these kinds. Its effect depends only on the state, the command and the stamp, and never on a
 * clock, randomness or I/O.
 */
export type Command =
  | KvSet
  | KvDelete
  | KvDeleteTree
  | KvLock
  | KvUnlock
  | KvSetBranch
  | KvDeleteBranch
  | KvRollback
  | KvReset
  | KvTrialStart
  | KvTrialProceed
  | KvTrialKeep
  | KvTrialUndo
  | SessionCreate
  | SessionDestroy
  | PreparedQueryPut
  | PreparedQueryDelete
  | Txn
  | Register
  | Deregister
  | MemberSet
  | MemberDelete
  | AutopilotSet
  | SigningAuthorityCreate
  | AclCommand
  | Restore;

/** The index and time that the store assigns to a command when it applies the command. */
export interface Stamp {
  /** The index of the change, which is higher than the state's index. */
  readonly index: number;
  /**
   * The state's time in milliseconds. It never goes back, even over a restart, and stands still while no process runs. Lock
   * delays use it, since they must not depend on the machine's wall clock.
   */
  readonly nowMs: number;
  /** The policy for the past of the keys, and the wall time that kept changes get; absent: the command keeps no past. */
  readonly keeping?: Keeping | undefined;
}

export interface Keeping {
  readonly policy: HistoryPolicy;
  readonly wallMs: number;
  /** Counts the kept changes, so that a storm of them is noticed; absent: nothing is a storm. */
  readonly rate?: KeptRate | undefined;
}

/** A command that changes keys. Its cause is kept with the changes, its origin with the values. */
export interface Caused {
  readonly cause?: Cause | undefined;
  readonly origin?: ValueOrigin | undefined;
  /** Prefixes of keys: below them the command leaves the values of operators as they are, and all else of it is done. */
  readonly sparing?: readonly string[] | undefined;
}

export interface KvSet extends Caused {
  readonly type: "kv-set";
  readonly key: string;
  readonly value: Uint8Array;
  readonly flags: bigint;
  /** Writes only if the key's ModifyIndex equals this value; 0: only if the key does not exist. */
  readonly cas?: number | undefined;
}

export interface KvDelete extends Caused {
  readonly type: "kv-delete";
  readonly key: string;
  /** Deletes only if the key's ModifyIndex equals this value; 0 matches no existing key. */
  readonly cas?: number | undefined;
}

export interface KvDeleteTree extends Caused {
  readonly type: "kv-delete-tree";
  readonly prefix: string;
}

/** Writes the key and takes its lock for the session. */
export interface KvLock extends Caused {
  readonly type: "kv-lock";
  readonly key: string;
  readonly value: Uint8Array;
  readonly flags: bigint;
  readonly session: string;
}

/** Writes the key and releases the lock that the session holds. */
export interface KvUnlock extends Caused {
  readonly type: "kv-unlock";
  readonly key: string;
  readonly value: Uint8Array;
  readonly flags: bigint;
  readonly session: string;
}

/**
 * Writes several keys, all or none. The command is rejected if one of its keys is below or above an existing key or another key
 * of the command: "a" excludes "a/b".
 */
export interface KvSetBranch extends Caused {
  readonly type: "kv-set-branch";
  readonly entries: readonly { readonly key: string; readonly value: Uint8Array }[];
}

/** Deletes a key and, with `below`, all keys below it: "a" and "a/b", not "ab". */
export interface KvDeleteBranch extends Caused {
  readonly type: "kv-delete-branch";
  readonly key: string;
  /** Whether to delete the keys below too; false: deletes the key only if no key is below it. */
  readonly below: boolean;
}

/**
 * Gives a key, or all keys with a prefix, the values that they had at an index: changed keys back, deleted ones again, and new ones
 * away. Keys that are locks, and those whose changes are not kept, stay as they are.
 */
export interface KvRollback extends Caused {
  readonly type: "kv-rollback";
  readonly key: string;
  /** Whether `key` is a prefix. */
  readonly recurse: boolean;
  /** The index of the past state. */
  readonly to: number;
  /** The command is "unchanged" if one of these keys changed after this index. */
  readonly seen?: number | undefined;
}

/**
 * Gives a key, or all keys with a prefix, the newest value that a service has pushed, as far as it is kept. Keys whose value is a
 * service's, or a port that the agent has assigned, stay as they are. A single key without such a value rejects the command; of
 * several keys, those without one stay as they are.
 */
export interface KvReset extends Caused {
  readonly type: "kv-reset";
  readonly key: string;
  /** Whether `key` is a prefix. */
  readonly recurse: boolean;
  /** The command is "unchanged" if one of these keys changed after this index. */
  readonly seen?: number | undefined;
}

/**
 * Starts a trial: makes the changes of its first stage, or none. It is rejected if one of the services does not pass, a key is
 * not as its `cas` says, is a lock, or is in another pending trial. The caller has generated a new random id for it.
 */
export interface KvTrialStart extends Caused {
  readonly type: "kv-trial-start";
  readonly trial: KvTrial;
  /** The changes of each stage; no key is in two changes. */
  readonly stages: readonly (readonly KvTrialChange[])[];
  /** The wall time in milliseconds. */
  readonly atMs: number;
}

/**
 * Decides about a pending trial when the time of a stage is over: makes the changes of the next stage, keeps the trial after the
 * last one, or undoes it. The command is "unchanged" if the trial has ended, or is in another stage.
 */
export interface KvTrialProceed {
  readonly type: "kv-trial-proceed";
  readonly id: string;
  readonly stage: number;
  readonly atMs: number;
}

/** Ends a pending trial, all stages of which have been applied, and keeps its changes. */
export interface KvTrialKeep extends Caused {
  readonly type: "kv-trial-keep";
  readonly id: string;
  readonly atMs: number;
}

/** Ends a pending trial, and takes back its changes of all keys that no other writer has changed since. */
export interface KvTrialUndo extends Caused {
  readonly type: "kv-trial-undo";
  readonly id: string;
  readonly why: string;
  readonly atMs: number;
}

/** Creates a session. The caller has generated a new random id for it. */
export interface SessionCreate {
  readonly type: "session-create";
  readonly session: Session;
}

export interface SessionDestroy {
  readonly type: "session-destroy";
  readonly id: string;
}

/** Creates a prepared query, or replaces the one with the same id. */
export interface PreparedQueryPut {
  readonly type: "prepared-query-put";
  readonly query: PreparedQuery;
  /** Whether a prepared query with this id must exist. If false, the command creates the prepared query or replaces it. */
  readonly update: boolean;
}

export interface PreparedQueryDelete {
  readonly type: "prepared-query-delete";
  readonly id: string;
}

/** Runs the operations of a transaction in order: all of them or none. */
export interface Txn extends Caused {
  readonly type: "txn";
  readonly operations: readonly TxnOperation[];
}

/** A node, optionally with one service, and checks of both. */
export interface RegisteredRows {
  readonly node: Node;
  /** If the node exists already, leaves the node's row unchanged. Consul: SkipNodeUpdate. */
  readonly skipNodeUpdate: boolean;
  readonly service?: Service | undefined;
  /** The checks to register. `apply` fills in the `node`, `serviceName` and `serviceTags` of their rows. */
  readonly checks: readonly Check[];
}

/** Registers a node, a service and checks. If one part is rejected, the command changes nothing. */
export interface Register extends RegisteredRows {
  readonly type: "register";
}

/** Deletes a service with its checks, or one check, or (if neither id is given) the node with all its services and checks. */
export interface Deregister {
  readonly type: "deregister";
  readonly node: string;
  readonly serviceId?: string | undefined;
  readonly checkId?: string | undefined;
}

/** Writes a member with its new status, and changes the member's node in the catalog accordingly. */
export interface MemberSet {
  readonly type: "member-set";
  readonly member: Member;
  /** The rows of the member's node; undefined if the node leaves the catalog, with its services and checks. */
  readonly registration: RegisteredRows | undefined;
}

/** Deletes a member, and its node from the catalog. */
export interface MemberDelete {
  readonly type: "member-delete";
  readonly name: string;
}

/** Replaces the settings of autopilot. */
export interface AutopilotSet {
  readonly type: "autopilot-set";
  readonly settings: AutopilotSettings;
  /** Replaces them only if their ModifyIndex equals this value. */
  readonly cas?: number | undefined;
}

/** Creates the authority that signs the certificates of client agents, unless it exists. The caller has generated its key. */
export interface SigningAuthorityCreate {
  readonly type: "signing-authority-create";
  readonly authority: SigningAuthority;
}

/**
 * Replaces the state by that of a snapshot. The index of the new state, and of each of its topics, is above the indexes of the
 * replaced state and of the snapshot.
 */
export interface Restore {
  readonly type: "restore";
  readonly snapshot: State;
  /** Whether the state is this store's own from before, which begins a cluster: then its lock delays and members come along. */
  readonly isOwn?: boolean;
}

/** The result of a command. A failure that a client can cause is an outcome; `apply` throws only because of a bug. */
export type Outcome = OutcomeOfType & {
  /** The keys whose values the command has left as they are: see Caused.sparing. Absent: none. */
  readonly spared?: readonly string[];
};

type OutcomeOfType =
  | { readonly type: "done" }
  /** A condition of the command does not hold, such as the index of a check-and-set or the holder of a lock. */
  | { readonly type: "unchanged" }
  /** The command deleted these keys. */
  | { readonly type: "deleted"; readonly keys: readonly string[] }
  /** The operations of a transaction return these rows. */
  | { readonly type: "results"; readonly results: readonly TxnResult[] }
  /** Some operations of a transaction failed; nothing was changed. */
  | { readonly type: "failed"; readonly errors: readonly TxnError[] }
  /** The command names a row that does not exist, or breaks a rule; nothing was changed. */
  | { readonly type: "rejected"; readonly reason: Rejection };

export type Rejection =
  | { readonly code: "node-id-taken"; readonly id: string; readonly by: string; readonly name: string }
  | { readonly code: "member-id-taken"; readonly id: string; readonly by: string }
  | { readonly code: "unknown-service"; readonly node: string; readonly serviceId: string }
  | { readonly code: "unknown-node" }
  | { readonly code: "unknown-check"; readonly id: string }
  | { readonly code: "critical-check"; readonly id: string }
  | { readonly code: "key-in-the-way"; readonly key: string; readonly other: string }
  | { readonly code: "nothing-pushed"; readonly key: string }
  | { readonly code: "past-not-kept"; readonly index: number; readonly oldest: number }
  | {
      readonly code: "trial-service";
      readonly service: string;
      readonly status: Exclude<WatchedStatus, "passing">;
      /** Its worst check, and that check's node; undefined if it is absent. */
      readonly check: { readonly id: string; readonly node: string } | undefined;
    }
  | { readonly code: "trial-key"; readonly key: string; readonly fault: "changed" | "locked" | "in-trial" }
  | { readonly code: "trial-limit"; readonly what: "bytes" | "pending"; readonly max: number }
  | { readonly code: "trial-unknown"; readonly id: string }
  | { readonly code: "trial-over"; readonly outcome: KvTrialOutcome; readonly why: string }
  | { readonly code: "trial-unfinished"; readonly stage: number; readonly stages: number }
  | { readonly code: "missing-session" }
  | { readonly code: "invalid-session-id"; readonly fault: string }
  | { readonly code: "unknown-session"; readonly id: string }
  | { readonly code: "unknown-query"; readonly id: string }
  | { readonly code: "query-name-taken"; readonly name: string; readonly by: "name" | "ID" }
  | { readonly code: "second-catch-all" }
  | { readonly code: "invalid-query-session"; readonly fault: string }
  | { readonly code: "unusable-template"; readonly fault: string }
  | { readonly code: "acl-invalid"; readonly fault: string }
  | { readonly code: "acl-taken"; readonly what: "accessor" | "secret" }
  | { readonly code: "acl-name-taken"; readonly of: "policy" | "role"; readonly name: string; readonly isNew: boolean }
  | {
      readonly code: "acl-unknown";
      readonly what: "token" | "policy" | "role" | "binding-rule" | "auth-method";
      readonly id: string;
    }
  | {
      readonly code: "acl-unknown-link";
      readonly of: "token" | "role";
      readonly what: "policy" | "role";
      readonly by: "name" | "ID";
      readonly value: string;
    }
  | { readonly code: "acl-immutable"; readonly what: AclImmutable; readonly id: string }
  | { readonly code: "acl-builtin"; readonly what: "policy" | "token" | "legacy-token" }
  | { readonly code: "acl-root" }
  | { readonly code: "acl-bootstrapped"; readonly resetIndex: number }
  | { readonly code: "acl-reset-index"; readonly given: number; readonly resetIndex: number }
  | { readonly code: "acl-not-legacy" }
  | { readonly code: "acl-denied" };

/** A field of an object of access control that cannot change. */
export type AclImmutable =
  | "token-secret"
  | "token-local"
  | "token-expiration"
  | "token-method"
  | "policy-rules"
  | "policy-datacenters"
  | "method-type"
  | "rule-method";
