/** The verb of a step, as in /v1/txn. A single request has a method and ?cas, ?acquire or ?release instead. */
export type KvVerb =
  | "set"
  | "cas"
  | "lock"
  | "unlock"
  | "delete"
  | "delete-cas"
  | "get"
  | "check-index"
  | "check-not-exists";

/** One step on one key, alone or in a transaction. */
export interface KvStep {
  readonly verb: KvVerb;
  readonly key: string;
  /** The value to write; "" for a verb without a value. All values of a history are different. */
  readonly value: string;
  /** The index to compare with; 0 for a verb without an index. */
  readonly index: number;
  /** The session's id; "" for a verb without a session. */
  readonly session: string;
}

/** An operation on a group, which is a few keys and the sessions that lock them. Transactions and lists stay within the group. */
export type KvInput =
  | { readonly kind: "step"; readonly step: KvStep }
  | { readonly kind: "txn"; readonly steps: readonly KvStep[] }
  | { readonly kind: "list" }
  | { readonly kind: "delete-tree" }
  | { readonly kind: "create-session" }
  | { readonly kind: "destroy-session"; readonly session: string };

export interface KvShown {
  readonly key: string;
  /** The value; undefined if the answer omits it. */
  readonly value: string | undefined;
  readonly session: string;
  readonly lockIndex: number;
  readonly modifyIndex: number;
}

export type KvOutput =
  /** A single write's answer: true, false, or that the session does not exist. */
  | { readonly kind: "written"; readonly result: KvResult }
  /** A read's answer: the entries of one key, or of all keys of the group. */
  | { readonly kind: "shown"; readonly rows: readonly KvShown[] }
  | { readonly kind: "committed"; readonly rows: readonly KvShown[] }
  /** A transaction's answer when it was rolled back: the positions of the steps that failed. */
  | { readonly kind: "rolled-back"; readonly failed: readonly number[] }
  | { readonly kind: "session"; readonly id: string };

export type KvResult = "done" | "refused" | "invalid-session";

export function stepOf(verb: KvVerb, key: string, more: Partial<KvStep> = {}): KvStep {
  return { verb, key, value: "", index: 0, session: "", ...more };
}
