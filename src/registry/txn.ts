import { assert } from "../lib/assert.ts";
import { isRead, type TxnError, type TxnOperation, type TxnResult } from "../model/txn.ts";
import type { Outcome } from "../state/command.ts";
import { readTxn } from "../state/txn.ts";
import { deniedIn, readableResults } from "./permissions.ts";
import type { Query } from "./query.ts";
import type { Consistency, Registry } from "./registry.ts";

/** The results of all operations of a transaction, or the errors because of which no operation took effect. */
export type TxnOutcome = { readonly results: readonly TxnResult[] } | { readonly errors: readonly TxnError[] };

/**
 * Runs all operations of a transaction as one command. A transaction that only reads runs on a snapshot and submits no command.
 * @param consistency how new the state must be for a transaction that only reads
 */
export async function runTxn(
  store: Registry,
  operations: readonly TxnOperation[],
  consistency: Consistency,
): Promise<TxnOutcome> {
  if (operations.every(isRead)) {
    await store.freshen(consistency);
    return toTxnOutcome(store.read(txnOfReads(operations)));
  }
  return toTxnOutcome(await store.submit({ type: "txn", operations }));
}

function txnOfReads(operations: readonly TxnOperation[]): Query<Outcome> {
  return {
    topics: [],
    read: (state) => readTxn(state, operations),
    readAs(state, rights) {
      const errors = deniedIn(operations, rights, state);
      if (errors.length > 0) return { type: "failed", errors };
      const outcome = readTxn(state, operations);
      return outcome.type === "results" ? { ...outcome, results: readableResults(outcome.results, rights) } : outcome;
    },
  };
}

function toTxnOutcome(outcome: Outcome): TxnOutcome {
  if (outcome.type === "results") return { results: outcome.results };
  assert(outcome.type === "failed", "a transaction has results or errors");
  return { errors: outcome.errors };
}
