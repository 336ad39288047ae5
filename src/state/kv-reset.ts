import type { KvEntry } from "../model/kv-entry.ts";
import type { PastKeys } from "../model/kv-history.ts";
import { isPushed } from "../model/value-origin.ts";
import type { KvReset, Outcome } from "./command.ts";
import type { Draft } from "./draft.ts";
import { changedAfter, plainEntries, storeKv } from "./kv.ts";
import { changesOf, keepsIn } from "./kv-history.ts";
import type { State } from "./state.ts";

/** A key whose present value no service has pushed, with the value to which a reset puts it back; undefined if none is kept. */
export interface KeyReset {
  readonly present: KvEntry;
  readonly pushed: KvEntry | undefined;
}

/**
 * Returns the keys that a reset concerns, in their order.
 * @param isKept whether the changes of a key are kept
 */
export function resetsOf(state: State, keys: PastKeys, isKept: (key: string) => boolean): readonly KeyReset[] {
  const foreign = plainEntries(state, keys).filter(({ origin }) => !isPushed(origin) && origin !== "port-assignment");
  return foreign.map((present) => {
    const versions = isKept(present.key) ? changesOf(state, present.key).map(({ previous }) => previous) : [];
    return { present, pushed: versions.findLast((version) => version && isPushed(version.origin)) };
  });
}

/** Gives keys the values that their services have pushed. It changes all of them, or none. */
export function resetKv(draft: Draft, command: KvReset): Outcome {
  const { key, recurse, seen } = command;
  if (changedAfter(draft.state, command, seen)) return { type: "unchanged" };
  for (const { present, pushed } of resetsOf(draft.state, command, (name) => keepsIn(draft, name))) {
    if (!pushed && !recurse) return { type: "rejected", reason: { code: "nothing-pushed", key } };
    // Also if only the origin differs: from now on the value is the service's again.
    if (pushed) storeKv(draft, { ...pushed, createIndex: present.createIndex, modifyIndex: draft.index }, present);
  }
  return { type: "done" };
}
