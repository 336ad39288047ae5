import type { Check, CheckRow } from "./check.ts";
import type { KvEntry } from "./kv-entry.ts";
import type { Node, NodeRow } from "./node.ts";
import type { Service, ServiceRow } from "./service.ts";

/** How many operations one transaction has at the most. */
export const txnOperationsMax = 64;

/** One step of a transaction. Verbs are as clients wrote them: one that is not known is that step's error. */
export type TxnOperation = KvOperation | NodeOperation | ServiceOperation | CheckOperation;

export interface KvOperation {
  readonly kind: "kv";
  readonly verb: string;
  readonly key: string;
  readonly value: Uint8Array;
  readonly flags: bigint;
  readonly index: number;
  readonly session: string;
}

export interface NodeOperation {
  readonly kind: "node";
  readonly verb: string;
  readonly node: Node;
  readonly index: number;
}

export interface ServiceOperation {
  readonly kind: "service";
  readonly verb: string;
  readonly node: string;
  readonly service: Service;
  readonly index: number;
}

export interface CheckOperation {
  readonly kind: "check";
  readonly verb: string;
  readonly check: Check;
  readonly index: number;
}

/** What a step shows: a row as it is after it. */
export type TxnResult =
  | { readonly kind: "kv"; readonly row: KvEntry; readonly withValue: boolean }
  | { readonly kind: "node"; readonly row: NodeRow }
  | { readonly kind: "service"; readonly row: ServiceRow }
  | { readonly kind: "check"; readonly row: CheckRow };

/** Why a transaction did nothing. */
export interface TxnError {
  /** Which of its steps, from 0. */
  readonly at: number;
  /** For people, in Consul's words. */
  readonly what: string;
}

const kvWrites = new Set(["set", "cas", "lock", "unlock", "delete", "delete-tree", "delete-cas"]);

/** Consul: a key's verb that is not known only reads; another noun's writes. */
export function isRead(operation: TxnOperation): boolean {
  if (operation.kind === "kv") return !kvWrites.has(operation.verb);
  return operation.verb === "get";
}
