import type { KvEntry } from "../model/kv-entry.ts";
import { getKv, listKeys, listKv } from "../state/kv.ts";
import { topics } from "../state/topics.ts";
import { permissionDenied } from "./permissions.ts";
import type { Query } from "./query.ts";
import { throwIfRejected } from "./rejection.ts";
import type { Registry } from "./registry.ts";

export function kvEntry(key: string): Query<KvEntry | undefined> {
  return {
    topics: [topics.key(key)],
    read: (state) => getKv(state, key),
    // Consul: a caller that may not read a key is refused, and does not learn whether it exists.
    readAs(state, rights) {
      if (!rights.may("key", "read", key)) throw permissionDenied();
      return getKv(state, key);
    },
  };
}

export function kvTree(prefix: string): Query<readonly KvEntry[]> {
  return { topics: [topics.tree(prefix)], read: (state) => listKv(state, prefix) };
}

export function kvKeys(prefix: string, separator: string): Query<readonly string[]> {
  return { topics: [topics.tree(prefix)], read: (state) => listKeys(state, prefix, separator) };
}

export interface KvPut {
  readonly key: string;
  readonly value: Uint8Array;
  readonly flags: bigint;
  readonly cas: number | undefined;
}

/** Writes a key. Returns false, and writes nothing, if `cas` differs from the key's ModifyIndex. */
export async function putKv(store: Registry, put: KvPut): Promise<boolean> {
  const outcome = await store.submit({ type: "kv-set", ...put });
  return outcome.type === "done";
}

export interface KvHold {
  readonly key: string;
  readonly value: Uint8Array;
  readonly flags: bigint;
  readonly session: string;
}

/**
 * Writes a key and locks it for a session. Returns false, and writes nothing, if another session holds the key or the lock delay
 * of an ended session has not passed.
 * @throws OperatingError conflict when the session does not exist
 */
export async function lockKv(store: Registry, hold: KvHold): Promise<boolean> {
  const outcome = await store.submit({ type: "kv-lock", ...hold });
  throwIfRejected(outcome);
  return outcome.type === "done";
}

/** Writes a key and releases its lock. Returns false, and writes nothing, if the session does not hold the key. */
export async function unlockKv(store: Registry, hold: KvHold): Promise<boolean> {
  const outcome = await store.submit({ type: "kv-unlock", ...hold });
  throwIfRejected(outcome);
  return outcome.type === "done";
}

/**
 * Deletes a key. Returns false, and deletes nothing, if `cas` differs from the key's ModifyIndex. Returns true if the key did not
 * exist.
 */
export async function deleteKv(store: Registry, key: string, cas: number | undefined): Promise<boolean> {
  const outcome = await store.submit({ type: "kv-delete", key, cas });
  return outcome.type === "done";
}

export async function deleteKvTree(store: Registry, prefix: string): Promise<void> {
  await store.submit({ type: "kv-delete-tree", prefix });
}
