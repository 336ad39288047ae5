import type { Check, CheckRow } from "./check.ts";
import type { KvEntry } from "./kv-entry.ts";
import type { Node, NodeRow } from "./node.ts";
import type { Service, ServiceRow } from "./service.ts";

/** Maximum number of operations in one transaction. */
export const txnOperationsMax = 64;

/** An operation of a transaction. Its verb is what the client wrote: an unknown verb is an error of that operation. */
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

/** The result of an operation: the row as it is after the operation. */
export type TxnResult =
  | { readonly kind: "kv"; readonly row: KvEntry; readonly withValue: boolean }
  | { readonly kind: "node"; readonly row: NodeRow }
  | { readonly kind: "service"; readonly row: ServiceRow }
  | { readonly kind: "check"; readonly row: CheckRow };

/** An error of one operation, because of which the transaction took no effect. */
export interface TxnError {
  /** Number of the operation, from 0. */
  readonly at: number;
  /** Consul's error text. */
  readonly what: string;
}

const kvWrites = new Set(["set", "cas", "lock", "unlock", "delete", "delete-tree", "delete-cas"]);

/**
 * Returns whether the operation only reads. Consul: an unknown verb is a read in a key operation, and a write in any other
 * operation.
 */
export function isRead(operation: TxnOperation): boolean {
  if (operation.kind === "kv") return !kvWrites.has(operation.verb);
  return operation.verb === "get";
}
