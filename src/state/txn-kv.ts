import type { KvOperation, TxnResult } from "../model/txn.ts";
import type { Outcome } from "./command.ts";
import type { Draft } from "./draft.ts";
import { deleteKv, deleteKvTree, getKv, listKv, setKv } from "./kv.ts";
import { lockAtOnce, unlockKv } from "./lock.ts";
import { rejectionText } from "./rejection-text.ts";

type Step = readonly TxnResult[] | string;

/** Runs one operation on a key. Returns the rows for the transaction's answer, or an error text. */
export function runKvOperation(draft: Draft, operation: KvOperation): Step {
  const { verb, key, index } = operation;
  const quoted = JSON.stringify(key);
  switch (verb) {
    case "set":
      return written(draft, key, setKv(draft, { ...operation, type: "kv-set" }), "");
    case "cas": {
      const outcome = setKv(draft, { ...operation, type: "kv-set", cas: index });
      return written(draft, key, outcome, `failed to set key ${quoted}, index is stale`);
    }
    case "lock": {
      const outcome = lockAtOnce(draft, { ...operation, type: "kv-lock" });
      return written(draft, key, outcome, `failed to lock key ${quoted}, lock is already held`);
    }
    case "unlock": {
      const outcome = unlockKv(draft, { ...operation, type: "kv-unlock" });
      const lost = `failed to unlock key ${quoted}, lock isn't held, or is held by another session`;
      return written(draft, key, outcome, lost);
    }
    case "delete":
      return deleted(deleteKv(draft, { type: "kv-delete", key }), "");
    case "delete-cas": {
      const outcome = deleteKv(draft, { type: "kv-delete", key, cas: index });
      return deleted(outcome, `failed to delete key ${quoted}, index is stale`);
    }
    case "delete-tree":
      return deleted(deleteKvTree(draft, { type: "kv-delete-tree", prefix: key }), "");
    default:
      return readKv(draft, operation);
  }
}

function readKv(draft: Draft, { verb, key, index, session }: KvOperation): Step {
  const quoted = JSON.stringify(key);
  const row = getKv(draft.state, key);
  switch (verb) {
    case "get":
      return row ? [{ kind: "kv", row, withValue: true }] : `key ${quoted} doesn't exist`;
    case "get-tree":
      return listKv(draft.state, key).map((entry) => ({ kind: "kv", row: entry, withValue: true }));
    case "check-index":
      if (!row) return `failed to check index, key ${quoted} doesn't exist`;
      if (row.modifyIndex === index) return [{ kind: "kv", row, withValue: false }];
      return `failed index check for key ${quoted}, current modify index ${row.modifyIndex} != ${index}`;
    case "check-session":
      if (!row) return `failed to check session, key ${quoted} doesn't exist`;
      if (row.session === session) return [{ kind: "kv", row, withValue: false }];
      return `failed session check for key ${quoted}, current session "${row.session}" != ${JSON.stringify(session)}`;
    case "check-not-exists":
      return row ? `key ${quoted} exists` : [];
    default:
      return `unknown KV verb ${JSON.stringify(verb)}`;
  }
}

/** Returns a write's row, or an error text: `unchanged` for that outcome. Consul: the answer has the entry without its value. */
function written(draft: Draft, key: string, outcome: Outcome, unchanged: string): Step {
  if (outcome.type === "rejected") return rejectionText(outcome.reason);
  if (outcome.type === "unchanged") return unchanged;
  const row = getKv(draft.state, key);
  return row ? [{ kind: "kv", row, withValue: false }] : [];
}

function deleted(outcome: Outcome, unchanged: string): Step {
  return outcome.type === "unchanged" ? unchanged : [];
}
