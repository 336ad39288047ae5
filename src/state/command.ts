import type { Check } from "../model/check.ts";
import type { Node } from "../model/node.ts";
import type { PreparedQuery } from "../model/prepared-query.ts";
import type { Service } from "../model/service.ts";
import type { Session } from "../model/session.ts";
import type { TxnError, TxnOperation, TxnResult } from "../model/txn.ts";
import type { State } from "./state.ts";

/**
 * Every way to change the state. With its stamp, a command holds all that its effect depends on: no clock, no randomness,
 * no I/O.
 */
export type Command =
  | KvSet
  | KvDelete
  | KvDeleteTree
  | KvLock
  | KvUnlock
  | KvSetBranch
  | KvDeleteBranch
  | SessionCreate
  | SessionDestroy
  | PreparedQueryPut
  | PreparedQueryDelete
  | Txn
  | Register
  | Deregister
  | Restore;

/** What a command is given when its turn comes. */
export interface Stamp {
  /** Higher than the state's. */
  readonly index: number;
  /**
   * The state's own time. It never goes back, not over a restart either, and passes only while there is a process: for
   * lock delays, which must not depend on a board's wall clock.
   */
  readonly nowMs: number;
}

export interface KvSet {
  readonly type: "kv-set";
  readonly key: string;
  readonly value: Uint8Array;
  readonly flags: bigint;
  /** Only if the key's ModifyIndex is this; 0: only if there is no such key. */
  readonly cas?: number | undefined;
}

export interface KvDelete {
  readonly type: "kv-delete";
  readonly key: string;
  /** Only if the key's ModifyIndex is this; 0 (a key without an index) never matches an existing key. */
  readonly cas?: number | undefined;
}

export interface KvDeleteTree {
  readonly type: "kv-delete-tree";
  readonly prefix: string;
}

/** Writes the key and takes its lock for the session. */
export interface KvLock {
  readonly type: "kv-lock";
  readonly key: string;
  readonly value: Uint8Array;
  readonly flags: bigint;
  readonly session: string;
}

/** Writes the key and gives away the lock that the session has. */
export interface KvUnlock {
  readonly type: "kv-unlock";
  readonly key: string;
  readonly value: Uint8Array;
  readonly flags: bigint;
  readonly session: string;
}

/** Writes some keys, all or none. None of them may be above or below a key that is there, or another of them. */
export interface KvSetBranch {
  readonly type: "kv-set-branch";
  readonly entries: readonly { readonly key: string; readonly value: Uint8Array }[];
}

/** A key, and all that is below it: "a" and "a/b", not "ab". */
export interface KvDeleteBranch {
  readonly type: "kv-delete-branch";
  readonly key: string;
  /** false: not while there is anything below it. */
  readonly below: boolean;
}

/** Its id is new: who makes the command has drawn it. */
export interface SessionCreate {
  readonly type: "session-create";
  readonly session: Session;
}

export interface SessionDestroy {
  readonly type: "session-destroy";
  readonly id: string;
}

/** Makes it, with an id that is new, or puts it in the place of the one that has its id. */
export interface PreparedQueryPut {
  readonly type: "prepared-query-put";
  readonly query: PreparedQuery;
  /** Only if there is one with its id. */
  readonly update: boolean;
}

export interface PreparedQueryDelete {
  readonly type: "prepared-query-delete";
  readonly id: string;
}

/** Some steps, in order: all of them or none. */
export interface Txn {
  readonly type: "txn";
  readonly operations: readonly TxnOperation[];
}

/** A node with, perhaps, one service and some checks of either: all of it or nothing. */
export interface Register {
  readonly type: "register";
  readonly node: Node;
  /** Leave the node's row as it is when the node is known. */
  readonly skipNodeUpdate: boolean;
  readonly service?: Service | undefined;
  /** `node`, `serviceName` and `serviceTags` are filled in from the node and the service. */
  readonly checks: readonly Check[];
}

/** A service with its checks, or a check, or (with neither named) the node with all that is on it. */
export interface Deregister {
  readonly type: "deregister";
  readonly node: string;
  readonly serviceId?: string | undefined;
  readonly checkId?: string | undefined;
}

/** The state becomes that of a snapshot; its index, and that of each topic, goes on from the higher of the two. */
export interface Restore {
  readonly type: "restore";
  readonly snapshot: State;
}

/** What became of a command. Outcomes that a client may expect are values, not errors. */
export type Outcome =
  | { readonly type: "done" }
  /** A compare-and-set that found another index, a lock that another has. */
  | { readonly type: "unchanged" }
  /** Keys that are gone. */
  | { readonly type: "deleted"; readonly keys: readonly string[] }
  /** What a transaction's steps show. */
  | { readonly type: "results"; readonly results: readonly TxnResult[] }
  /** A transaction some of whose steps cannot be taken; nothing was changed. */
  | { readonly type: "failed"; readonly errors: readonly TxnError[] }
  /** The command names something that must exist and does not, or breaks a rule; nothing was changed. */
  | { readonly type: "rejected"; readonly reason: Rejection };

export type Rejection =
  | { readonly code: "node-id-taken"; readonly id: string; readonly by: string; readonly name: string }
  | { readonly code: "unknown-service"; readonly node: string; readonly serviceId: string }
  | { readonly code: "unknown-node" }
  | { readonly code: "unknown-check"; readonly id: string }
  | { readonly code: "critical-check"; readonly id: string }
  | { readonly code: "key-in-the-way"; readonly key: string; readonly other: string }
  | { readonly code: "missing-session" }
  | { readonly code: "invalid-session-id"; readonly fault: string }
  | { readonly code: "unknown-session"; readonly id: string }
  | { readonly code: "unknown-query"; readonly id: string }
  | { readonly code: "query-name-taken"; readonly name: string; readonly by: "name" | "ID" }
  | { readonly code: "second-catch-all" }
  | { readonly code: "invalid-query-session"; readonly fault: string }
  | { readonly code: "unusable-template"; readonly fault: string };
