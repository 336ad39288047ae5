import type { KvEntry } from "../model/kv-entry.ts";
import { type HistoryPolicy, keepsChanges, type KvChange, type PastKeys } from "../model/kv-history.ts";
import { getKv, listKv, plainEntries } from "../state/kv.ts";
import {
  changesOf,
  changesSince,
  entriesAt,
  indexAtTime,
  isLock,
  newestChanges,
  type PastEntries,
} from "../state/kv-history.ts";
import { type KeyReset, resetsOf } from "../state/kv-reset.ts";
import type { State } from "../state/state.ts";
import { topics } from "../state/topics.ts";
import type { Query } from "./query.ts";
import { throwIfRejected } from "./rejection.ts";
import type { Registry } from "./registry.ts";

/** A value of a key, or its absence, with the change that led to it. */
export interface KvVersion {
  readonly key: string;
  /** The index of the change. */
  readonly index: number;
  /** The change; undefined for the first version of a key, of which no more is kept than its value. */
  readonly change: KvChange | undefined;
  /** The entry after the change; undefined if the change deleted the key, or made a lock of it. After a burst it is the last one. */
  readonly entry: KvEntry | undefined;
  readonly became: "value" | "nothing" | "lock";
}

/** Returns the query for the versions of a key, the newest first; for none of them if the key has never been written. */
export function kvVersions(key: string, limit: number): Query<readonly KvVersion[]> {
  return { topics: [topics.key(key)], read: (state) => versionsOf(state, key).slice(0, limit) };
}

function versionsOf(state: State, key: string): readonly KvVersion[] {
  const changes = changesOf(state, key);
  const versions: KvVersion[] = [];
  let after = getKv(state, key);
  for (const change of changes.toReversed()) {
    versions.push(versionOf(change, after));
    after = change.previous;
  }
  if (after && !isLock(after))
    versions.push({ key, index: after.modifyIndex, change: undefined, entry: after, became: "value" });
  return versions;
}

/** Returns the index of a version's value, which for the last value of a burst is above that of the burst's first change. */
function valueIndexOf({ index, entry }: KvVersion): number {
  return entry?.modifyIndex ?? index;
}

/** The changes of one index, as a stream tells them. */
export interface KvChangeSet {
  readonly index: number;
  readonly changes: readonly KvStreamChange[];
}

export interface KvStreamChange extends Pick<KvVersion, "key" | "entry" | "became"> {
  /** The index of the value that this one replaced; 0 if there was none, or none that is kept. */
  readonly previousIndex: number;
}

/**
 * Returns the versions of these keys that came after an index, by index; "compacted" if some of them are no longer kept. A burst has
 * its last value only.
 */
export function changesAfter(
  state: State,
  keys: Iterable<string>,
  after: number,
): readonly KvChangeSet[] | "compacted" {
  const sets = new Map<number, KvStreamChange[]>();
  for (const key of keys) {
    const versions = versionsOf(state, key);
    const newer = versions.filter((version) => valueIndexOf(version) > after);
    if (newer.length === versions.length && wasCut(versions)) return "compacted";
    for (const [at, version] of newer.entries()) {
      const index = valueIndexOf(version);
      const before = versions[at + 1];
      const change = { ...version, previousIndex: before?.entry?.modifyIndex ?? 0 };
      const changes = sets.get(index);
      if (changes) changes.push(change);
      else sets.set(index, [change]);
    }
  }
  return [...sets].map(([index, changes]) => ({ index, changes })).toSorted((a, b) => a.index - b.index);
}

/** Returns whether changes of a key were dropped that came before its oldest kept one. @param versions the newest first */
function wasCut(versions: readonly KvVersion[]): boolean {
  const oldest = versions.findLast(({ change }) => change !== undefined)?.change;
  return oldest !== undefined && oldest.number > 1;
}

/** Returns the keys with a prefix that may have changed after an index: present ones, and deleted ones with a kept change. */
export function keysChangedAfter(state: State, prefix: string, after: number): ReadonlySet<string> {
  const keys = new Set<string>();
  for (const { key, modifyIndex } of listKv(state, prefix)) if (modifyIndex > after) keys.add(key);
  for (const { key } of changesSince(state, prefix, after + 1)) keys.add(key);
  return keys;
}

function versionOf(change: KvChange, after: KvEntry | undefined): KvVersion {
  const { key, index } = change;
  if (after && isLock(after)) return { key, index, change, entry: undefined, became: "lock" };
  return { key, index, change, entry: after, became: after ? "value" : "nothing" };
}

/** Returns the query for what happened to all keys with a prefix, the newest change first. */
export function kvVersionsBelow(prefix: string, limit: number): Query<readonly KvVersion[]> {
  return {
    topics: [topics.tree(prefix)],
    read(state) {
      const versions: KvVersion[] = [];
      const after = new Map<string, KvEntry | undefined>();
      for (const change of newestChanges(state, prefix)) {
        if (versions.length === limit) break;
        const { key } = change;
        versions.push(versionOf(change, after.has(key) ? after.get(key) : getKv(state, key)));
        after.set(key, change.previous);
      }
      return versions;
    },
  };
}

/** A moment of the past: an index of the store, or a wall time in milliseconds. */
export type Moment = { readonly index: number } | { readonly atMs: number };

/** Returns the index of a moment; a time has that of the last kept change before it. */
export function indexOfMoment({ state }: Registry, moment: Moment): number {
  return "index" in moment ? Math.min(moment.index, state.index) : indexAtTime(state, moment.atMs);
}

/** Reads what keys were, according to a policy. */
export class KvPast {
  readonly #policy: HistoryPolicy;

  constructor(policy: HistoryPolicy) {
    this.#policy = policy;
  }

  /** Returns the entries of keys at an index, without locks and keys whose changes are not kept; or the oldest index that is known. */
  entriesAt({ state }: Registry, keys: PastKeys, index: number): PastEntries {
    return entriesAt(state, keys, index, (key) => this.isKept(key));
  }

  /**
   * Returns which keys a reset changes and how, and which it leaves because no value that a service has pushed is kept; undefined for
   * a single key without a value.
   */
  resets({ state }: Registry, keys: PastKeys): KvResets | undefined {
    if (!keys.recurse && plainEntries(state, keys).length === 0) return undefined;
    const resets = resetsOf(state, keys, (key) => this.isKept(key));
    const differences = resets
      .filter((each): each is KeyReset & { pushed: KvEntry } => each.pushed !== undefined)
      .map(({ present: before, pushed: after }) => ({ key: before.key, before, after }));
    return { differences, left: resets.filter(({ pushed }) => !pushed).map(({ present: { key } }) => key) };
  }

  isKept(key: string): boolean {
    return keepsChanges(this.#policy, key);
  }

  /** Returns how keys differ between two indexes, in the order of the keys; or the oldest index that is known. */
  differences(
    registry: Registry,
    keys: PastKeys,
    { from, to }: { readonly from: number; readonly to: number },
  ): { readonly differences: readonly KvDifference[] } | { readonly oldest: number } {
    const [before, after] = [this.entriesAt(registry, keys, from), this.entriesAt(registry, keys, to)];
    if ("oldest" in before) return before;
    if ("oldest" in after) return after;
    return { differences: differencesOf(before.entries, after.entries) };
  }
}

export interface KvResets {
  readonly differences: readonly KvDifference[];
  readonly left: readonly string[];
}

export interface KvDifference {
  readonly key: string;
  readonly before: KvEntry | undefined;
  readonly after: KvEntry | undefined;
}

function differencesOf(before: readonly KvEntry[], after: readonly KvEntry[]): readonly KvDifference[] {
  const left = new Map(before.map((entry) => [entry.key, entry]));
  const right = new Map(after.map((entry) => [entry.key, entry]));
  const keys = [...new Set([...left.keys(), ...right.keys()])];
  return keys
    .map((key) => ({ key, before: left.get(key), after: right.get(key) }))
    .filter((each) => !isAlike(each.before, each.after))
    .toSorted((a, b) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)));
}

function isAlike(left: KvEntry | undefined, right: KvEntry | undefined): boolean {
  if (!left || !right) return left === right;
  return left.flags === right.flags && Buffer.compare(left.value, right.value) === 0;
}

export interface RollbackAsked extends PastKeys {
  readonly to: number;
  /** The rollback is refused if one of the keys changed after this index. */
  readonly seen: number;
}

/**
 * Gives keys the values that they had at an index, all at once. Returns false, and changes nothing, if one of them changed after
 * `seen`.
 * @throws OperatingError conflict "past-not-kept"
 */
export async function rollBackKv(store: Registry, asked: RollbackAsked): Promise<boolean> {
  const outcome = await store.submit({ type: "kv-rollback", ...asked });
  throwIfRejected(outcome);
  return outcome.type === "done";
}

/**
 * Gives keys the values that their services have pushed, all at once. Returns false, and changes nothing, if one of them changed
 * after `seen`.
 * @throws OperatingError conflict "nothing-pushed"
 */
export async function resetKv(store: Registry, asked: PastKeys & { readonly seen: number }): Promise<boolean> {
  const outcome = await store.submit({ type: "kv-reset", ...asked });
  throwIfRejected(outcome);
  return outcome.type === "done";
}

/** Returns the index after which none of the keys has changed. */
export function lastChangeOf(registry: Registry, { key, recurse }: PastKeys): number {
  return registry.indexOf([recurse ? topics.tree(key) : topics.key(key)]);
}
