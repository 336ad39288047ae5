import type { TxnError, TxnOperation, TxnResult } from "../model/txn.ts";
import type { Outcome, Txn } from "./command.ts";
import { Draft } from "./draft.ts";
import { isDelayed } from "./lock-delay.ts";
import type { State } from "./state.ts";
import { runCheckOperation, runNodeOperation, runServiceOperation } from "./txn-catalog.ts";
import { runKvOperation } from "./txn-kv.ts";

/**
 * Runs the operations in order, each on the state that the previous operations made. If one fails, the transaction fails: the
 * outcome lists every operation that failed, and the caller drops the draft.
 */
export function runTxn(draft: Draft, { operations }: Txn): Outcome {
  const wrong = faultsOf(operations, (at) => faultBeforehand(draft, at));
  if (wrong.length > 0) return { type: "failed", errors: wrong };
  const results: TxnResult[] = [];
  const errors = faultsOf(operations, (operation) => {
    const done = runOperation(draft, operation);
    if (typeof done === "string") return done;
    for (const result of done) results.push(result);
    return undefined;
  });
  return errors.length > 0 ? { type: "failed", errors } : { type: "results", results };
}

/** Returns the outcome of a transaction that only reads. */
export function readTxn(state: State, operations: readonly TxnOperation[]): Outcome {
  return runTxn(new Draft(state, { index: state.index + 1, nowMs: 0 }), { type: "txn", operations });
}

function faultsOf(
  operations: readonly TxnOperation[],
  faultOf: (operation: TxnOperation) => string | undefined,
): TxnError[] {
  const errors: TxnError[] = [];
  operations.forEach((operation, at) => {
    const what = faultOf(operation);
    if (what !== undefined) errors.push({ at, what });
  });
  return errors;
}

/** Returns the error text for an operation that Consul rejects before it runs any operation, else undefined. */
function faultBeforehand(draft: Draft, operation: TxnOperation): string | undefined {
  if (operation.kind !== "kv") return operation.verb === "get" ? undefined : identityFault(operation);
  const { verb, key } = operation;
  if (key === "" && verb !== "delete-tree") return "Must provide key";
  if (verb !== "lock" || !isDelayed(draft, key)) return undefined;
  return `failed to lock key ${JSON.stringify(key)} due to lock delay`;
}

function identityFault(operation: Exclude<TxnOperation, { kind: "kv" }>): string | undefined {
  if (operation.kind === "check") return undefined;
  if (operation.kind === "service") {
    return operation.service.name === "" ? "Must provide service name with ID" : undefined;
  }
  const { name, id } = operation.node;
  if (name === "") return "Must provide node";
  if (id === "") return undefined;
  if (id.length !== 36) return "Bad node ID: uuid string is wrong length";
  const isUuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(id);
  return isUuid ? undefined : "Bad node ID: uuid is improperly formatted";
}

/** Runs one operation. Returns the rows for the transaction's answer, or an error text. */
function runOperation(draft: Draft, operation: TxnOperation): readonly TxnResult[] | string {
  switch (operation.kind) {
    case "kv":
      return runKvOperation(draft, operation);
    case "node":
      return runNodeOperation(draft, operation);
    case "service":
      return runServiceOperation(draft, operation);
    case "check":
      return runCheckOperation(draft, operation);
  }
}
