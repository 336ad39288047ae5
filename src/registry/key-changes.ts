import type { KvEntry } from "../model/kv-entry.ts";
import { getKv } from "../state/kv.ts";
import { kvOrder } from "../state/row-key.ts";
import { topicIndex, type State } from "../state/state.ts";
import { keyOfTopic, topics, type Topic } from "../state/topics.ts";

/** What the newest write of a key has made of it. */
export interface KeyChange {
  readonly key: string;
  /** The key's index, as a blocking query for it would answer. It never falls. */
  readonly index: number;
  /** undefined: the key was deleted. */
  readonly entry: KvEntry | undefined;
}

/** The keys among what a commit touched, as they are now, in the order of their writes. */
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
 * The keys below the prefixes with a higher index, as they are now, in the order of their writes: present ones and, as long
 * as there is a tombstone, deleted ones. Where tombstones have been dropped since (of many deletes, or by the restore of a
 * snapshot) these are all that are present.
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
