import type { KvEntry } from "../model/kv-entry.ts";
import type { KvDelete, KvDeleteTree, KvSet, Outcome } from "./command.ts";
import type { Draft } from "./draft.ts";
import { kvOrder } from "./row-key.ts";
import type { State } from "./state.ts";
import { kv } from "./tables/kv.ts";

export function getKv(state: State, key: string): KvEntry | undefined {
  return state.kv.get(kvOrder(key));
}

export function listKv(state: State, prefix: string): KvEntry[] {
  const entries: KvEntry[] = [];
  for (const [, entry] of state.kv.startingWith(kvOrder(prefix))) entries.push(entry);
  return entries;
}

/**
 * Returns the keys that begin with `prefix`. With a separator, each key is cut after the first separator that follows the prefix,
 * and equal results are listed once, so the result is the files and folders of one level. The time does not grow with the size of
 * a folder, because a seek skips most of a large folder's keys.
 */
export function listKeys(state: State, prefix: string, separator: string): string[] {
  const names: string[] = [];
  const first = kvOrder(prefix);
  let next: string | undefined = first;
  while (next !== undefined) next = addNames(names, state.kv.startingWith(first, next), { prefix, separator });
  return names;
}

/** The number of a folder's entries to read before a seek skips the rest. A seek costs as much as reading several entries. */
const stepsInFolderMax = 16;

/**
 * Adds the names of the entries to `names`, up to and including the first large folder. Returns the first possible key after
 * that folder, from which the caller continues; undefined if no entries are left.
 */
function addNames(
  names: string[],
  entries: Iterable<readonly [string, KvEntry]>,
  { prefix, separator }: { readonly prefix: string; readonly separator: string },
): string | undefined {
  let steps = 0;
  for (const [, { key }] of entries) {
    const at = separator === "" ? -1 : key.indexOf(separator, prefix.length);
    const name = at < 0 ? key : key.slice(0, at + separator.length);
    steps = names.at(-1) === name ? steps + 1 : 0;
    if (steps === 0) names.push(name);
    const next = steps === stepsInFolderMax ? behindAllBelow(kvOrder(name)) : undefined;
    if (next !== undefined) return next;
  }
  return undefined;
}

/**
 * Returns the first string that sorts after all strings that begin with `beginning`; undefined if `beginning` ends in the
 * highest code unit.
 */
function behindAllBelow(beginning: string): string | undefined {
  const last = beginning.charCodeAt(beginning.length - 1);
  return last < 0xffff ? beginning.slice(0, -1) + String.fromCharCode(last + 1) : undefined;
}

export function setKv(draft: Draft, command: KvSet): Outcome {
  const known = getKv(draft.state, command.key);
  if (command.cas !== undefined && command.cas !== (known?.modifyIndex ?? 0)) return { type: "unchanged" };
  // Consul: a write without a session leaves the lock with its holder, and resets LockIndex to 0 (conformance/lock.test.ts).
  writeKv(draft, { ...command, session: known?.session ?? "", lockIndex: 0 }, known);
  return { type: "done" };
}

type Written = Pick<KvEntry, "key" | "value" | "flags" | "session" | "lockIndex">;

/**
 * Writes an entry unless it equals the known one. Consul: writing the same value does not raise the index
 * (conformance/kv.test.ts).
 */
export function writeKv(draft: Draft, written: Written, known: KvEntry | undefined): void {
  const { key, value, flags, session, lockIndex } = written;
  const isAlike =
    known?.flags === flags &&
    known.session === session &&
    known.lockIndex === lockIndex &&
    Buffer.compare(known.value, value) === 0;
  if (isAlike) return;
  const createIndex = known?.createIndex ?? draft.index;
  draft.put(kv, { key, value, flags, lockIndex, session, createIndex, modifyIndex: draft.index }, known);
}

export function deleteKv(draft: Draft, command: KvDelete): Outcome {
  const known = getKv(draft.state, command.key);
  // Consul: deleting a key that does not exist succeeds, even with check-and-set and any index.
  if (!known) return { type: "done" };
  if (command.cas !== undefined && command.cas !== known.modifyIndex) return { type: "unchanged" };
  draft.delete(kv, known);
  return { type: "done" };
}

export function deleteKvTree(draft: Draft, command: KvDeleteTree): Outcome {
  for (const entry of listKv(draft.state, command.prefix)) draft.delete(kv, entry);
  return { type: "done" };
}
