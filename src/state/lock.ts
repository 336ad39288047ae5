import type { KvLock, KvUnlock, Outcome } from "./command.ts";
import type { Draft } from "./draft.ts";
import { getKv, writeKv } from "./kv.ts";
import { isDelayed } from "./lock-delay.ts";
import { findSession } from "./session.ts";

/**
 * Writes a key and takes its lock. The outcome is "unchanged" if another session holds the lock or the lock delay has not passed.
 */
export function lockKv(draft: Draft, command: KvLock): Outcome {
  // Consul: checks the lock delay before the session.
  if (isDelayed(draft, command.key)) return { type: "unchanged" };
  return lockAtOnce(draft, command);
}

/** Does the same as lockKv, but ignores lock delays. Consul: a transaction checks the lock delays before its first operation. */
export function lockAtOnce(draft: Draft, command: KvLock): Outcome {
  if (command.session === "") return { type: "rejected", reason: { code: "missing-session" } };
  const session = findSession(draft.state, command.session);
  if ("code" in session) return { type: "rejected", reason: session };
  const known = getKv(draft.state, command.key);
  const isHeld = known !== undefined && known.session !== "";
  if (isHeld && known.session !== command.session) return { type: "unchanged" };
  const lockIndex = (known?.lockIndex ?? 0) + (isHeld ? 0 : 1);
  writeKv(draft, { ...command, lockIndex }, known);
  return { type: "done" };
}

/** Writes a key and releases its lock. If the session does not hold the lock, writes nothing and returns "unchanged". */
export function unlockKv(draft: Draft, command: KvUnlock): Outcome {
  if (command.session === "") return { type: "rejected", reason: { code: "missing-session" } };
  const known = getKv(draft.state, command.key);
  if (known?.session !== command.session) return { type: "unchanged" };
  writeKv(draft, { ...command, session: "", lockIndex: known.lockIndex }, known);
  return { type: "done" };
}
