import type { KvLock, KvUnlock, Outcome } from "./command.ts";
import type { Draft } from "./draft.ts";
import { getKv, writeKv } from "./kv.ts";
import { isDelayed } from "./lock-delay.ts";
import { findSession } from "./session.ts";

/** Writes a key and takes its lock; "unchanged" when another session has it, or had it until a moment ago. */
export function lockKv(draft: Draft, command: KvLock): Outcome {
  // Consul: a key whose lock is delayed is refused before the session is looked at.
  if (isDelayed(draft, command.key)) return { type: "unchanged" };
  return lockAtOnce(draft, command);
}

/** The same inside a transaction. Consul: there a delay is looked for before anything is done. */
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

/** Writes a key and gives its lock away; "unchanged", and nothing is written, when the session does not have it. */
export function unlockKv(draft: Draft, command: KvUnlock): Outcome {
  if (command.session === "") return { type: "rejected", reason: { code: "missing-session" } };
  const known = getKv(draft.state, command.key);
  if (known?.session !== command.session) return { type: "unchanged" };
  writeKv(draft, { ...command, session: "", lockIndex: known.lockIndex }, known);
  return { type: "done" };
}
