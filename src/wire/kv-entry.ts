import type { KvEntry } from "../model/kv-entry.ts";
import { renderGoJson } from "./go-json.ts";

/** A key with its value, for filters, transactions and renderKvEntry. */
export function encodeKvEntry(entry: KvEntry): object {
  return {
    LockIndex: entry.lockIndex,
    Key: entry.key,
    Flags: entry.flags,
    // Consul: null, not "", for an empty value.
    Value: entry.value.length === 0 ? null : entry.value.toBase64(),
    Session: entry.session === "" ? undefined : entry.session,
    CreateIndex: entry.createIndex,
    ModifyIndex: entry.modifyIndex,
  };
}

/** One key as JSON text; the 64 bits of its flags print as a number. */
export function renderKvEntry(entry: KvEntry, options: { pretty: boolean } = { pretty: false }): string {
  return renderGoJson(encodeKvEntry(entry), options);
}

/** The answer to GET /v1/kv. */
export function renderKvEntries(entries: readonly KvEntry[], options: { pretty: boolean } = { pretty: false }): string {
  return renderGoJson(entries.map(encodeKvEntry), options);
}
