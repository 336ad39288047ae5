import { runTransaction, transactionsOf } from "../../client/kv-transaction.ts";
import { OperatingError } from "../../lib/errors.ts";
import type { KvTreeEntry } from "../../wire/kv-tree.ts";
import type { AgentApi } from "../api-command.ts";

/** A key to write if its ModifyIndex is still `index`; index 0 requires that the key does not exist. */
export interface KeyWrite {
  readonly entry: KvTreeEntry;
  readonly index: number;
}

/** Splits writes into groups, one for each transaction. A long value has a group of its own. */
export function groupsOf(writes: readonly KeyWrite[]): readonly (readonly KeyWrite[])[] {
  return [...transactionsOf(writes.map(stepOf))].map((group) => group.map(({ write }) => write));
}

/**
 * Writes a group in one transaction; writes a single long value by a plain PUT.
 * @throws OperatingError if the agent refuses the write, or a key's index has changed
 */
export async function writeKeys(api: AgentApi, group: readonly KeyWrite[]): Promise<void> {
  const reason = await runTransaction(api, group.map(stepOf));
  if (reason === undefined) return;
  const message = `another client wrote at the same time: ${reason}. Run it again.`;
  throw new OperatingError("conflict", "import-conflict", message);
}

function stepOf(write: KeyWrite) {
  return { operations: [{ verb: "cas", ...write }], write } as const;
}
