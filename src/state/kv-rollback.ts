import type { KvEntry } from "../model/kv-entry.ts";
import type { KvRollback, Outcome } from "./command.ts";
import type { Draft } from "./draft.ts";
import { changedAfter, getKv, plainEntries, removeKv, writeKv } from "./kv.ts";
import { entriesAt, isLock, keepsIn } from "./kv-history.ts";

/** Gives keys their past values. It changes all of them, or none. */
export function rollBackKv(draft: Draft, command: KvRollback): Outcome {
  const { to, seen } = command;
  const { state } = draft;
  if (changedAfter(state, command, seen)) return { type: "unchanged" };
  const past = entriesAt(state, command, to, (key) => keepsIn(draft, key));
  if ("oldest" in past) return { type: "rejected", reason: { code: "past-not-kept", index: to, oldest: past.oldest } };
  const wanted = new Map<string, KvEntry>(past.entries.map((entry) => [entry.key, entry]));
  for (const entry of plainEntries(state, command))
    if (!wanted.has(entry.key) && keepsIn(draft, entry.key)) removeKv(draft, entry);
  for (const { key, value, flags } of past.entries) {
    const known = getKv(state, key);
    if (!known || !isLock(known)) writeKv(draft, { key, value, flags, session: "", lockIndex: 0 }, known);
  }
  return { type: "done" };
}
