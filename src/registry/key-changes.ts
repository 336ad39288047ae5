import type { KvEntry } from "../model/kv-entry.ts";
import { getKv } from "../state/kv.ts";
import { kvOrder } from "../state/row-key.ts";
import { topicIndex, type State } from "../state/state.ts";
import { keyOfTopic, topics, type Topic } from "../state/topics.ts";

/** A key with the result of its newest write. */
export interface KeyChange {
  readonly key: string;
  /** The key's index, as in the answer to a blocking query for the key. The index never falls. */
  readonly index: number;
  /** The entry after the write; undefined if the key was deleted. */
  readonly entry: KvEntry | undefined;
}

/** Returns the keys with one of these prefixes that a commit touched, in their present state and in the order of their writes. */
export function keyChangesOf(
  state: State,
  touched: ReadonlySet<Topic>,
  prefixes: readonly string[],
): readonly KeyChange[] {
  const changes: KeyChange[] = [];
  for (const topic of touched) {
    const key = keyOfTopic(topic);
    if (key !== undefined && startsWithAny(key, prefixes)) changes.push(keyChange(state, key));
  }
  return changes.toSorted(byIndex);
}

/**
 * Returns the keys with one of these prefixes that changed after `index`, in their present state and in the order of their
 * writes: present keys, and deleted keys that still have a tombstone. If the store has dropped tombstones since then (after many
 * deletes, or when it restored a snapshot), returns all present keys, because any of them may have changed.
 */
export function keyChangesSince(state: State, index: number, prefixes: readonly string[]): readonly KeyChange[] {
  const changes = new Map<string, KeyChange>();
  const add = (key: string): void => {
    if (!changes.has(key)) changes.set(key, keyChange(state, key));
  };
  const floorIsAbove = state.tombstoneFloor > index;
  for (const prefix of prefixes) {
    for (const [, entry] of state.kv.startingWith(kvOrder(prefix))) {
      if (floorIsAbove || entry.modifyIndex > index) add(entry.key);
    }
    for (const [topic, gone] of state.tombstones.startingWith(topics.key(prefix))) {
      const key = keyOfTopic(topic);
      if (key !== undefined && (floorIsAbove || gone > index)) add(key);
    }
  }
  return [...changes.values()].toSorted(byIndex);
}

function keyChange(state: State, key: string): KeyChange {
  return { key, index: topicIndex(state, topics.key(key)), entry: getKv(state, key) };
}

function startsWithAny(key: string, prefixes: readonly string[]): boolean {
  return prefixes.some((prefix) => key.startsWith(prefix));
}

function byIndex(a: KeyChange, b: KeyChange): number {
  return a.index - b.index;
}
