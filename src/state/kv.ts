import type { KvEntry } from "../model/kv-entry.ts";
import type { PastKeys } from "../model/kv-history.ts";
import { isOfOperator, type ValueOrigin } from "../model/value-origin.ts";
import type { KvDelete, KvDeleteTree, KvSet, Outcome } from "./command.ts";
import type { Draft } from "./draft.ts";
import { isLock, keepChange } from "./kv-history.ts";
import { kvOrder } from "./row-key.ts";
import { type State, topicIndex } from "./state.ts";
import { kv } from "./tables/kv.ts";
import { topics } from "./topics.ts";

export function getKv(state: State, key: string): KvEntry | undefined {
  return state.kv.get(kvOrder(key));
}

export function listKv(state: State, prefix: string): KvEntry[] {
  const entries: KvEntry[] = [];
  for (const [, entry] of state.kv.startingWith(kvOrder(prefix))) entries.push(entry);
  return entries;
}

/** Returns the entries of keys, in their order, without locks. */
export function plainEntries(state: State, { key, recurse }: PastKeys): readonly KvEntry[] {
  const entries = recurse ? listKv(state, key) : [getKv(state, key)];
  return entries.filter((entry) => entry !== undefined).filter((entry) => !isLock(entry));
}

/** Returns whether one of the keys has changed after an index; false without an index. */
export function changedAfter(state: State, { key, recurse }: PastKeys, index: number | undefined): boolean {
  return index !== undefined && topicIndex(state, recurse ? topics.tree(key) : topics.key(key)) > index;
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
  const isLeft = !writeKv(draft, { ...command, session: known?.session ?? "", lockIndex: 0 }, known);
  // A client that checks for an index relies on the answer, which therefore is that the write was not done.
  return { type: isLeft && command.cas !== undefined ? "unchanged" : "done" };
}

interface Written extends Pick<KvEntry, "key" | "value" | "flags" | "session" | "lockIndex"> {
  /** Default: that of the command. */
  readonly origin?: ValueOrigin | undefined;
}

/**
 * Writes an entry unless it equals the known one, whose origin then stays, too. Consul: writing the same value does not raise the
 * index (conformance/kv.test.ts). Returns false if the command spares the known entry, which stays as it is.
 */
export function writeKv(draft: Draft, written: Written, known: KvEntry | undefined): boolean {
  const { key, value, flags, session, lockIndex, origin = draft.origin } = written;
  const isAlike =
    known?.flags === flags &&
    known.session === session &&
    known.lockIndex === lockIndex &&
    Buffer.compare(known.value, value) === 0;
  if (isAlike) return true;
  // A lock tells of processes and not of settings.
  if (!isLock(written) && isSpared(draft, known)) return false;
  const createIndex = known?.createIndex ?? draft.index;
  storeKv(draft, { key, value, flags, lockIndex, session, createIndex, modifyIndex: draft.index, origin }, known);
  return true;
}

/** Returns whether the current command leaves an entry as it is, and notes its key then. */
function isSpared({ sparing, spared }: Draft, known: KvEntry | undefined): boolean {
  if (known === undefined || !isOfOperator(known.origin)) return false;
  const isProtected = sparing.some((prefix) => known.key.startsWith(prefix));
  if (isProtected) spared.push(known.key);
  return isProtected;
}

/** Stores an entry, and keeps the one that it replaces as the past of the key. */
export function storeKv(draft: Draft, entry: KvEntry, known: KvEntry | undefined): void {
  keepChange(draft, known, entry);
  draft.put(kv, entry, known);
}

export function deleteKv(draft: Draft, command: KvDelete): Outcome {
  const known = getKv(draft.state, command.key);
  // Consul: deleting a key that does not exist succeeds, even with check-and-set and any index.
  if (!known) return { type: "done" };
  if (command.cas !== undefined && command.cas !== known.modifyIndex) return { type: "unchanged" };
  const isLeft = !removeKv(draft, known);
  return { type: isLeft && command.cas !== undefined ? "unchanged" : "done" };
}

export function deleteKvTree(draft: Draft, command: KvDeleteTree): Outcome {
  for (const entry of listKv(draft.state, command.prefix)) removeKv(draft, entry);
  return { type: "done" };
}

/** Deletes an entry, and keeps it as the past of its key. Returns false if the command spares the entry, which then stays. */
export function removeKv(draft: Draft, entry: KvEntry): boolean {
  if (isSpared(draft, entry)) return false;
  keepChange(draft, entry, undefined);
  draft.delete(kv, entry);
  return true;
}
