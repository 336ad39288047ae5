import { assert } from "../lib/assert.ts";
import type { KvEntry } from "../model/kv-entry.ts";
import { listKvBranch } from "../state/kv-branch.ts";
import { topics } from "../state/topics.ts";
import type { Query } from "./query.ts";
import type { Registry } from "./registry.ts";

/** A key and those below it: "a" and "a/b", not "ab". */
export function kvBranch(key: string): Query<readonly KvEntry[]> {
  return { topics: [topics.key(key), topics.tree(`${key}/`)], read: (state) => listKvBranch(state, key) };
}

export interface KvValue {
  readonly key: string;
  readonly value: Uint8Array;
}

/** Two keys, one a parent of the other, which cannot both have a value. */
export interface KeyConflict {
  readonly key: string;
  readonly other: string;
}

/** Writes all keys, or none: returns the conflict that prevented it. */
export async function putKvBranch(store: Registry, entries: readonly KvValue[]): Promise<KeyConflict | undefined> {
  const outcome = await store.submit({ type: "kv-set-branch", entries });
  return outcome.type === "rejected" && outcome.reason.code === "key-in-the-way" ? outcome.reason : undefined;
}

/** Deletes a key and returns the deleted keys. Without `below`, a key that has others below it stays: returns undefined. */
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
