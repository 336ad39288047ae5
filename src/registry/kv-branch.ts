import { assert } from "../lib/assert.ts";
import type { KvEntry } from "../model/kv-entry.ts";
import { listKvBranch } from "../state/kv-branch.ts";
import { topics } from "../state/topics.ts";
import type { Query } from "./query.ts";
import type { Registry } from "./registry.ts";

/** Returns the query for the entries of a key and of all keys below it: "a" and "a/b", not "ab". */
export function kvBranch(key: string): Query<readonly KvEntry[]> {
  return { topics: [topics.key(key), topics.tree(`${key}/`)], read: (state) => listKvBranch(state, key) };
}

export interface KvValue {
  readonly key: string;
  readonly value: Uint8Array;
}

/** Two keys that cannot both have a value, because one is a path prefix of the other: "a" and "a/b". */
export interface KeyConflict {
  readonly key: string;
  readonly other: string;
}

/** Writes all keys, or none. Returns the conflict that prevented the write, or undefined if the keys were written. */
export async function putKvBranch(store: Registry, entries: readonly KvValue[]): Promise<KeyConflict | undefined> {
  const outcome = await store.submit({ type: "kv-set-branch", entries });
  return outcome.type === "rejected" && outcome.reason.code === "key-in-the-way" ? outcome.reason : undefined;
}

/**
 * Deletes a key and, with `below`, all keys below it. Returns the deleted keys. Without `below`, a key that has keys below it is
 * not deleted, and the result is undefined.
 */
export async function deleteKvBranch(
  store: Registry,
  key: string,
  options: { readonly below: boolean },
): Promise<readonly string[] | undefined> {
  const outcome = await store.submit({ type: "kv-delete-branch", key, ...options });
  if (outcome.type === "unchanged") return undefined;
  assert(outcome.type === "deleted", "a branch is deleted or left alone");
  return outcome.keys;
}
