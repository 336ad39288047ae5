/** A write's verb says what /v1/txn calls it; a single request does the same with ?cas, ?acquire and so on. */
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

/** One step on one key, by itself or in a transaction. */
export interface KvStep {
  readonly verb: KvVerb;
  readonly key: string;
  /** "" where the verb takes none; no two writes of a history have the same. */
  readonly value: string;
  /** 0 where the verb takes none. */
  readonly index: number;
  /** "" where the verb takes none. */
  readonly session: string;
}

/** What is asked of a group: a few keys and the sessions that lock them. Transactions and lists stay within it. */
export type KvInput =
  | { readonly kind: "step"; readonly step: KvStep }
  | { readonly kind: "txn"; readonly steps: readonly KvStep[] }
  | { readonly kind: "list" }
  | { readonly kind: "delete-tree" }
  | { readonly kind: "create-session" }
  | { readonly kind: "destroy-session"; readonly session: string };

export interface KvShown {
  readonly key: string;
  /** undefined where the answer leaves it out. */
  readonly value: string | undefined;
  readonly session: string;
  readonly lockIndex: number;
  readonly modifyIndex: number;
}

export type KvOutput =
  /** true, false, or that the session is not known. */
  | { readonly kind: "written"; readonly result: KvResult }
  /** A key or the whole group; each key that is there. */
  | { readonly kind: "shown"; readonly rows: readonly KvShown[] }
  | { readonly kind: "committed"; readonly rows: readonly KvShown[] }
  /** The places of the steps that failed. */
  | { readonly kind: "rolled-back"; readonly failed: readonly number[] }
  | { readonly kind: "session"; readonly id: string };

export type KvResult = "done" | "refused" | "invalid-session";

export function stepOf(verb: KvVerb, key: string, more: Partial<KvStep> = {}): KvStep {
  return { verb, key, value: "", index: 0, session: "", ...more };
}
