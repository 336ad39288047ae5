import type { KvEntry } from "../model/kv-entry.ts";
import type { KvDeleteBranch, KvSetBranch, Outcome } from "./command.ts";
import type { Draft } from "./draft.ts";
import { getKv, listKv, removeKv, writeKv } from "./kv.ts";
import { kvOrder } from "./row-key.ts";
import type { State } from "./state.ts";

/*
 * Treats keys as the paths of a tree in which only leaves have values, as core-keeper's clients need: a client that reads a tree
 * of settings into an object cannot represent a key that has both a value and children. Other commands do not enforce this rule.
 */

/** Returns the entry of the key and the entries below the key: for "a", those of "a", "a/b" and "a/b/c", not "ab". */
export function listKvBranch(state: State, key: string): KvEntry[] {
  const own = getKv(state, key);
  const below = listKv(state, `${key}/`);
  return own ? [own, ...below] : below;
}

export function setKvBranch(draft: Draft, { entries }: KvSetBranch): Outcome {
  for (const { key, value } of entries) {
    const other = keyInTheWay(draft.state, key);
    if (other !== undefined) return { type: "rejected", reason: { code: "key-in-the-way", key, other } };
    const known = getKv(draft.state, key);
    writeKv(draft, { key, value, flags: known?.flags ?? 0n, session: known?.session ?? "", lockIndex: 0 }, known);
  }
  return { type: "done" };
}

export function deleteKvBranch(draft: Draft, { key, below }: KvDeleteBranch): Outcome {
  const entries = listKvBranch(draft.state, key);
  if (!below && entries.some((entry) => entry.key !== key)) return { type: "unchanged" };
  for (const entry of entries) removeKv(draft, entry);
  return { type: "deleted", keys: entries.map((entry) => entry.key) };
}

/**
 * Returns a key that conflicts with this key: a parent that has a value, or else the first key below. Undefined if no key does.
 */
function keyInTheWay(state: State, key: string): string | undefined {
  for (let at = key.indexOf("/"); at >= 0; at = key.indexOf("/", at + 1)) {
    const above = key.slice(0, at);
    if (getKv(state, above)) return above;
  }
  const [first] = state.kv.startingWith(kvOrder(`${key}/`));
  return first?.[1].key;
}
